// The card's clock and reset on an ECP5: PLL, and a reset that ends when the PLL has been locked for a while.
//
// CLKOP is the feedback alone, CLKOS the card's clock; the divisors come from the command line of the
// synthesis (computed from board.toml). The attributes are loop filter and charge pump settings as
// Lattice's and Project Trellis' generators write them for these frequencies.
module card_clock (
    input  oscillator,
    input  button,      // high: reset
    output clock,
    output reset
);
    wire feedback;
    wire locked;

    (* ICP_CURRENT="12" *) (* LPF_RESISTOR="8" *) (* MFG_ENABLE_FILTEROPAMP="1" *) (* MFG_GMCREF_SEL="2" *)
    EHXPLLL #(
        .PLLRST_ENA("DISABLED"),
        .INTFB_WAKE("DISABLED"),
        .STDBY_ENABLE("DISABLED"),
        .DPHASE_SOURCE("DISABLED"),
        .OUTDIVIDER_MUXA("DIVA"),
        .OUTDIVIDER_MUXB("DIVB"),
        .OUTDIVIDER_MUXC("DIVC"),
        .OUTDIVIDER_MUXD("DIVD"),
        .FEEDBK_PATH("CLKOP"),
        .CLKI_DIV(`PLL_INPUT_DIV),
        .CLKFB_DIV(1),
        .CLKOP_ENABLE("ENABLED"),
        .CLKOP_DIV(`PLL_FEEDBACK_DIV),
        .CLKOP_CPHASE(`PLL_FEEDBACK_DIV - 1),
        .CLKOP_FPHASE(0),
        .CLKOS_ENABLE("ENABLED"),
        .CLKOS_DIV(`PLL_OUTPUT_DIV),
        .CLKOS_CPHASE(`PLL_OUTPUT_DIV - 1),
        .CLKOS_FPHASE(0)
    ) pll (
        .CLKI(oscillator),
        .CLKFB(feedback),
        .CLKOP(feedback),
        .CLKOS(clock),
        .LOCK(locked),
        .RST(1'b0),
        .STDBY(1'b0),
        .PHASESEL0(1'b0),
        .PHASESEL1(1'b0),
        .PHASEDIR(1'b1),
        .PHASESTEP(1'b1),
        .PHASELOADREG(1'b1),
        .PLLWAKESYNC(1'b0),
        .ENCLKOP(1'b0),
        .ENCLKOS(1'b0)
    );

    // Both come from outside the clock: two flip-flops each before anything looks at them.
    reg [1:0] locked_sync = 2'b00;
    reg [1:0] button_sync = 2'b00;
    // The reset ends after 2^15 quiet cycles (half a millisecond): a bouncing button is one reset.
    reg [15:0] quiet = 16'd0;
    always @(posedge clock) begin
        locked_sync <= {locked_sync[0], locked};
        button_sync <= {button_sync[0], button};
        if (!locked_sync[1] || button_sync[1])
            quiet <= 16'd0;
        else if (!quiet[15])
            quiet <= quiet + 16'd1;
    end
    assign reset = !quiet[15];
endmodule
