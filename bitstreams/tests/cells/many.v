// One register, one table and one multiplexer of tables, each with some hundreds of readers.
module top (
    input clock,
    input reset,
    input [5:0] s,
    input [63:0] x,
    output [63:0] q0,
    output [63:0] q1,
    output [63:0] q2,
    output [63:0] q3,
    output [63:0] r0,
    output [63:0] r1,
    output [63:0] r2
);
    // Behind a table of its own, which takes part in the copies.
    reg go = 1'b0;
    reg [5:0] held = 6'd0;
    reg [255:0] q = 256'd0;
    wire table4 = held[0] ^ (held[1] & held[2] & held[3]);
    wire table5 = held[0] ^ held[1] ^ held[2] ^ held[3] ^ (held[4] & held[5]);
    reg [191:0] r = 192'd0;
    always @(posedge clock) begin
        go <= s[0] ^ (s[1] & s[2]);
        held <= s;
        if (go) q <= {q[191:0], x};
        if (table4) r[63:0] <= x;
        if (table4) r[127:64] <= ~x;
        if (table4) r[191:128] <= x ^ {x[31:0], x[63:32]};
        if (table5) r <= {r[190:0], r[191]};
        if (reset) q[127:0] <= 128'd0;
    end
    assign q0 = q[63:0];
    assign q1 = q[127:64];
    assign q2 = q[191:128];
    assign q3 = q[255:192];
    assign r0 = r[63:0];
    assign r1 = r[127:64];
    assign r2 = go ? r[191:128] : ~r[191:128];
endmodule
