// Products of several widths, signed and not, for `cells.rs`.
module top (
    input [17:0] a, b,
    output [17:0] u9, s9, output [31:0] u16, s16, output [35:0] u18, s18, output [35:0] mixed, output [35:0] low,
    output [41:0] wide
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
endmodule
