// The ECP5's flip-flop and its distributed memory as yosys names them, parameters as in its techlibs/lattice.
// Lattice's "ECP5 and ECP5-5G Family Data Sheet" (FPGA-DS-02012), sections "PFU Blocks" and "Modes of Operation".

// A flip-flop with clock enable and set or reset. GSR says what the device's global reset does at configuration:
// the value after configuration is REGSET's either way.
module TRELLIS_FF #(
    parameter GSR = "ENABLED",
    parameter CEMUX = "1",
    parameter CLKMUX = "CLK",
    parameter LSRMUX = "LSR",
    parameter SRMODE = "LSR_OVER_CE",
    parameter REGSET = "RESET",
    parameter LSRMODE = "LSR"
) (
    input CLK, LSR, CE, DI,
    output reg Q
);
    generate
        if (CEMUX != "1" && CEMUX != "0" && CEMUX != "CE" && CEMUX != "INV") begin
            $fatal(1, "TRELLIS_FF: CEMUX = %s is not modelled", CEMUX);
            NOT_MODELLED stop();
        end
        if (CLKMUX != "CLK" && CLKMUX != "INV") begin
            $fatal(1, "TRELLIS_FF: CLKMUX = %s is not modelled", CLKMUX);
            NOT_MODELLED stop();
        end
        if (LSRMUX != "LSR" && LSRMUX != "INV") begin
            $fatal(1, "TRELLIS_FF: LSRMUX = %s is not modelled", LSRMUX);
            NOT_MODELLED stop();
        end
        if (SRMODE != "LSR_OVER_CE" && SRMODE != "ASYNC") begin
            $fatal(1, "TRELLIS_FF: SRMODE = %s is not modelled", SRMODE);
            NOT_MODELLED stop();
        end
        if (REGSET != "RESET" && REGSET != "SET") begin
            $fatal(1, "TRELLIS_FF: REGSET = %s is not modelled", REGSET);
            NOT_MODELLED stop();
        end
        if (LSRMODE != "LSR") begin
            $fatal(1, "TRELLIS_FF: LSRMODE = %s is not modelled", LSRMODE);
            NOT_MODELLED stop();
        end
    endgenerate
    localparam [0:0] VALUE = REGSET == "SET";
    wire enable = CEMUX == "1" ? 1'b1 : CEMUX == "0" ? 1'b0 : CEMUX == "INV" ? ~CE : CE;
    wire preset = LSRMUX == "INV" ? ~LSR : LSR;
    wire clock = CLKMUX == "INV" ? ~CLK : CLK;
    initial Q = VALUE;
    generate
        if (SRMODE == "ASYNC") begin
            always @(posedge clock or posedge preset)
                if (preset) Q <= VALUE;
                else if (enable) Q <= DI;
        end else begin
            always @(posedge clock)
                if (preset) Q <= VALUE;
                else if (enable) Q <= DI;
        end
    endgenerate
endmodule

// 16 words of 4 bits: one port writes at the clock, the other reads without one.
module TRELLIS_DPR16X4 #(
    parameter WCKMUX = "WCK",
    parameter WREMUX = "WRE",
    parameter [63:0] INITVAL = 64'h0
) (
    input [3:0] DI, WAD,
    input WRE, WCK,
    input [3:0] RAD,
    output [3:0] DO
);
    generate
        if (WCKMUX != "WCK" && WCKMUX != "INV") begin
            $fatal(1, "TRELLIS_DPR16X4: WCKMUX = %s is not modelled", WCKMUX);
            NOT_MODELLED stop();
        end
        if (WREMUX != "WRE" && WREMUX != "INV") begin
            $fatal(1, "TRELLIS_DPR16X4: WREMUX = %s is not modelled", WREMUX);
            NOT_MODELLED stop();
        end
    endgenerate
    reg [3:0] words [0:15];
    integer k;
    initial for (k = 0; k < 16; k = k + 1) words[k] = INITVAL[4 * k +: 4];
    wire clock = WCKMUX == "INV" ? ~WCK : WCK;
    wire enable = WREMUX == "INV" ? ~WRE : WRE;
    always @(posedge clock) if (enable) words[WAD] <= DI;
    assign DO = words[RAD];
endmodule
