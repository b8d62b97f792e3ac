// The card on a ULX3S: clock, reset, UART, LEDs. FIRE 1 resets the card.
module board (
    input        oscillator,
    input        button,
    input        rx,
    output       tx,
    output [7:0] led,
    output       wifi_gpio0
);
    wire clock;
    wire reset;
    card_clock clocking (.oscillator(oscillator), .button(button), .clock(clock), .reset(reset));

    top card (.clock(clock), .reset(reset), .clock_hz(32'd`CLOCK_HZ), .rx(rx), .tx(tx), .leds(led));

    // High: the ESP32 stays with its own program and leaves the FPGA's configuration alone.
    assign wifi_gpio0 = 1'b1;
endmodule
