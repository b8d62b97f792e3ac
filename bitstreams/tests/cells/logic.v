// Tables, multiplexers, carry chains, flip-flops and distributed memory, for `cells.rs`.
module top (
    input clock, reset, enable, input [63:0] x, y, input [7:0] s,
    output [64:0] sum, difference, output less, equal, output [63:0] shifted, counted, output table7, pick,
    output [63:0] plain, enabled, cleared, preset, off, on, fallen, output [3:0] nearby, output [11:0] distant
);
    assign sum = {1'b0, x} + y + s[0];
    assign difference = {1'b0, x} - y;
    assign less = x < y;
    assign equal = x == y;
    assign shifted = x >> s[5:0];
    localparam [127:0] TABLE = 128'h8d3a_61f0_27cb_94e5_1f6b_a2d8_4c07_93be;
    assign table7 = TABLE[s[6:0]];
    assign pick = x[s[5:0]] ^ y[{s[3:0], s[7:6]}];

    reg [63:0] count, r0, r1, r2, r3, r4, r5, r6;
    initial begin
        count = 64'hffff_ffff_ffff_fff0;
        {r0, r1, r2, r4, r6} = 0;
        r3 = ~64'd0;
        r5 = ~64'd0;
    end
    always @(posedge clock) begin
        count <= count + s;
        r0 <= x;
        if (enable) r1 <= x ^ y;
        if (reset) r2 <= 0; else if (enable) r2 <= y;
        if (reset) r3 <= ~64'd0; else if (~enable) r3 <= x & y;
    end
    always @(posedge clock or posedge reset) if (reset) r4 <= 0; else if (enable) r4 <= x | y;
    always @(posedge clock or negedge enable) if (~enable) r5 <= ~64'd0; else r5 <= y;
    always @(negedge clock) if (s[1]) r6 <= x + 64'd1;
    assign {counted, plain, enabled, cleared, preset, off, on, fallen} = {count, r0, r1, r2, r3, r4, r5, r6};

    (* ram_style = "distributed" *) reg [3:0] nibbles [0:15];
    (* ram_style = "distributed" *) reg [11:0] dozens [0:63];
    integer i;
    initial begin
        for (i = 0; i < 16; i = i + 1) nibbles[i] = i ^ 4'h9;
        for (i = 0; i < 64; i = i + 1) dozens[i] = i * 65;
    end
    always @(posedge clock) begin
        if (enable) nibbles[x[3:0]] <= y[3:0];
        if (~s[7]) dozens[x[5:0]] <= y[11:0];
    end
    assign nearby = nibbles[s[3:0]];
    assign distant = dozens[s[5:0]];
endmodule
