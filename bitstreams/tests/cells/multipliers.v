// Products of several widths, signed and not, for `cells.rs`.
module top (
    input clock,
    input [17:0] a, b,
    output [17:0] u9, s9, output [31:0] u16, s16, output [35:0] u18, s18, output [35:0] mixed, output [35:0] low,
    output [41:0] wide,
    output reg [31:0] kept16, output reg [35:0] kept18, output reg [31:0] enabled, output [31:0] both, output reg [31:0] seen
);
    wire signed [8:0] a9 = a[8:0], b9 = b[8:0];
    wire signed [15:0] a16 = a[15:0], b16 = b[15:0];
    wire signed [17:0] a18 = a, b18 = b;
    wire signed [17:0] c18 = {1'b0, b[16:0]};
    assign u9 = a[8:0] * b[8:0];
    assign s9 = a9 * b9;
    assign u16 = a[15:0] * b[15:0];
    assign s16 = a16 * b16;
    assign u18 = a * b;
    assign s18 = a18 * b18;
    assign mixed = a18 * c18;
    assign low = (a * b) & 36'h3ffff;
    // Wider than one multiplier.
    assign wide = {a[2:0], b} * {b[1:0], ~a, a[0]};
    // Registers of products.
    wire [15:0] flipped = ~b[15:0];
    initial {kept16, kept18, enabled, seen} = 0;
    always @(posedge clock) begin
        kept16 <= a[15:0] * flipped;
        kept18 <= $signed(~a) * b18;
        if (a[17]) enabled <= a[15:0] * {flipped[0], flipped[15:1]};
        seen <= both;
    end
    assign both = a[15:0] * {b[0], b[15:1]};
endmodule
