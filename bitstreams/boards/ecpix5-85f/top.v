// The card on an ECPIX-5: clock, reset, UART, LEDs. Lights 0 to 3 are the green of LD5 to LD8, lights 4 to 7 the
// blue; red says that the card is in reset.
module board (
    input        oscillator,
    input        rx,
    output       tx,
    output [3:0] red_n,
    output [3:0] green_n,
    output [3:0] blue_n
);
    wire clock;
    wire reset;
    wire [7:0] led;
    card_clock clocking (.oscillator(oscillator), .button(1'b0), .clock(clock), .reset(reset));

    top card (.clock(clock), .reset(reset), .clock_hz(32'd`CLOCK_HZ), .rx(rx), .tx(tx), .leds(led));

    assign red_n = {4{!reset}};
    assign green_n = ~led[3:0];
    assign blue_n = ~led[7:4];
endmodule
