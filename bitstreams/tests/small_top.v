// A small design with the pins of the card's top: an echo of the link, and one of each resource.
module m_echo(clock, rx, tx);
    input clock;
    input rx;
    output reg tx;
    always @(posedge clock) tx <= rx;
endmodule

module m_product(clock, a, p);
    input clock;
    input [17:0] a;
    output reg [35:0] p;
    reg [17:0] b;
    always @(posedge clock) begin
        b <= a;
        p <= b * a;
    end
endmodule

module m_words(clock, address, data, out);
    input clock;
    input [9:0] address;
    input [35:0] data;
    output reg [35:0] out;
    reg [35:0] words [0:1023];
    always @(posedge clock) begin
        out <= words[address];
        words[address] <= data;
    end
endmodule

module top(clock, reset, clock_hz, rx, tx, leds);
    input clock;
    input reset;
    input [31:0] clock_hz;
    input rx;
    output tx;
    output [7:0] leds;
    reg [31:0] count;
    wire [35:0] p;
    wire [35:0] out;
    always @(posedge clock) if (reset || count == clock_hz) count <= 0; else count <= count + 1;
    m_echo echo(.clock(clock), .rx(rx), .tx(tx));
    m_product product(.clock(clock), .a(count[17:0]), .p(p));
    m_words words(.clock(clock), .address(count[15:6]), .data(p), .out(out));
    assign leds = out[35:28] ^ out[7:0];
endmodule
