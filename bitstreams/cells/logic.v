// The ECP5's logic cells as yosys names them: look-up tables, the multiplexers that join them, carry pairs.
// Lattice's technical note FPGA-TN-02032, "ECP5 and ECP5-5G Family Data Sheet", section "PFU Blocks"; the
// parameters are those of yosys' techlibs/lattice.

// Output = bit {D, C, B, A} of INIT.
module LUT4 #(parameter [15:0] INIT = 16'h0000) (input A, B, C, D, output Z);
    assign Z = INIT[{D, C, B, A}];
endmodule

module PFUMX (input ALUT, BLUT, C0, output Z);
    assign Z = C0 ? ALUT : BLUT;
endmodule

module L6MUX21 (input D0, D1, SD, output Z);
    assign Z = SD ? D1 : D0;
endmodule

// Two look-up tables with carry. Each half: its table says whether the carry passes, its lower quarter (inputs A
// and B alone) what is carried where it does not; INJECT1 = "YES" breaks the chain for the sum and that quarter.
module CCU2C #(
    parameter [15:0] INIT0 = 16'h0000,
    parameter [15:0] INIT1 = 16'h0000,
    parameter INJECT1_0 = "YES",
    parameter INJECT1_1 = "YES"
) (
    input CIN, A0, B0, C0, D0, A1, B1, C1, D1,
    output S0, S1, COUT
);
    generate
        if (INJECT1_0 != "YES" && INJECT1_0 != "NO") begin
            $fatal(1, "CCU2C: INJECT1_0 = %s is not modelled", INJECT1_0);
            NOT_MODELLED stop();
        end
        if (INJECT1_1 != "YES" && INJECT1_1 != "NO") begin
            $fatal(1, "CCU2C: INJECT1_1 = %s is not modelled", INJECT1_1);
            NOT_MODELLED stop();
        end
    endgenerate
    wire pass0 = INIT0[{D0, C0, B0, A0}];
    wire pass1 = INIT1[{D1, C1, B1, A1}];
    wire make0 = INJECT1_0 == "NO" & INIT0[{2'b00, B0, A0}];
    wire make1 = INJECT1_1 == "NO" & INIT1[{2'b00, B1, A1}];
    wire between = pass0 ? CIN : make0;
    assign S0 = pass0 ^ (INJECT1_0 == "NO" & CIN);
    assign S1 = pass1 ^ (INJECT1_1 == "NO" & between);
    assign COUT = pass1 ? between : make1;
endmodule
