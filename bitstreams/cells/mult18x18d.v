// MULT18X18D: a multiplier of the ECP5's DSP blocks, from Lattice's technical note TN1267, "ECP5 and ECP5-5G
// sysDSP Usage Guide": P = A * B of 18 by 18 bits, each operand signed where its SIGNED input is high. Modelled
// as yosys maps onto it (techlibs/lattice/dsp_map_18x18.v), as `passes/product_registers.rs` extends that, and as
// `hdl::field::goldilocks` names it: with or without registers at the inputs A and B, behind the partial products and at the output (clock
// CLK0, enable CE0), without port C and the shift registers. The SIGNED inputs have no registers here: they must be steady. A
// register of another kind ends the build, a reset the simulation; a pin or parameter that is not here is unknown to Verilator.
module MULT18X18D #(
    parameter REG_INPUTA_CLK = "NONE",
    parameter REG_INPUTA_CE = "CE0",
    parameter REG_INPUTA_RST = "RST0",
    parameter REG_INPUTB_CLK = "NONE",
    parameter REG_INPUTB_CE = "CE0",
    parameter REG_INPUTB_RST = "RST0",
    parameter REG_INPUTC_CLK = "NONE",
    parameter REG_PIPELINE_CLK = "NONE",
    parameter REG_PIPELINE_CE = "CE0",
    parameter REG_PIPELINE_RST = "RST0",
    parameter REG_OUTPUT_CLK = "NONE",
    parameter REG_OUTPUT_CE = "CE0",
    parameter REG_OUTPUT_RST = "RST0",
    parameter GSR = "DISABLED",
    parameter MULT_BYPASS = "DISABLED"
) (
    input A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0,
    input B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0,
    input C17, C16, C15, C14, C13, C12, C11, C10, C9, C8, C7, C6, C5, C4, C3, C2, C1, C0,
    input SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
    input CLK0, CE0, RST0,
    output P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17, P16, P15,
        P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
);
    generate
        if (REG_INPUTA_CLK != "NONE" && (REG_INPUTA_CLK != "CLK0" || REG_INPUTA_CE != "CE0" || REG_INPUTA_RST != "RST0")) begin
            $fatal(1, "MULT18X18D: REG_INPUTA_CLK = %s, CE = %s, RST = %s is not modelled", REG_INPUTA_CLK, REG_INPUTA_CE,
                REG_INPUTA_RST);
            NOT_MODELLED stop();
        end
        if (REG_INPUTB_CLK != "NONE" && (REG_INPUTB_CLK != "CLK0" || REG_INPUTB_CE != "CE0" || REG_INPUTB_RST != "RST0")) begin
            $fatal(1, "MULT18X18D: REG_INPUTB_CLK = %s, CE = %s, RST = %s is not modelled", REG_INPUTB_CLK, REG_INPUTB_CE,
                REG_INPUTB_RST);
            NOT_MODELLED stop();
        end
        if (REG_INPUTC_CLK != "NONE") begin
            $fatal(1, "MULT18X18D: REG_INPUTC_CLK = %s is not modelled", REG_INPUTC_CLK);
            NOT_MODELLED stop();
        end
        if (REG_PIPELINE_CLK != "NONE" && (REG_PIPELINE_CLK != "CLK0" || REG_PIPELINE_CE != "CE0" || REG_PIPELINE_RST != "RST0")) begin
            $fatal(1, "MULT18X18D: REG_PIPELINE_CLK = %s, CE = %s, RST = %s is not modelled", REG_PIPELINE_CLK, REG_PIPELINE_CE,
                REG_PIPELINE_RST);
            NOT_MODELLED stop();
        end
        if (REG_OUTPUT_CLK != "NONE" && (REG_OUTPUT_CLK != "CLK0" || REG_OUTPUT_CE != "CE0" || REG_OUTPUT_RST != "RST0")) begin
            $fatal(1, "MULT18X18D: REG_OUTPUT_CLK = %s, CE = %s, RST = %s is not modelled", REG_OUTPUT_CLK, REG_OUTPUT_CE,
                REG_OUTPUT_RST);
            NOT_MODELLED stop();
        end
        if (GSR != "DISABLED") begin
            $fatal(1, "MULT18X18D: GSR = %s is not modelled", GSR);
            NOT_MODELLED stop();
        end
        if (MULT_BYPASS != "DISABLED") begin
            $fatal(1, "MULT18X18D: MULT_BYPASS = %s is not modelled", MULT_BYPASS);
            NOT_MODELLED stop();
        end
    endgenerate
    wire [17:0] a_in = {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0};
    wire [17:0] b_in = {B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0};
    reg [17:0] a_register = 18'd0, b_register = 18'd0;
    reg [35:0] pipeline_register = 36'd0, output_register = 36'd0;
    localparam REGISTERS = REG_INPUTA_CLK != "NONE" || REG_INPUTB_CLK != "NONE" || REG_PIPELINE_CLK != "NONE" || REG_OUTPUT_CLK != "NONE";
    wire [17:0] a, b;
    wire [35:0] product, staged, result;
    generate
        if (REG_INPUTA_CLK == "NONE") assign a = a_in;
        else assign a = a_register;
        if (REG_INPUTB_CLK == "NONE") assign b = b_in;
        else assign b = b_register;
        if (REG_PIPELINE_CLK == "NONE") assign staged = product;
        else assign staged = pipeline_register;
        if (REG_OUTPUT_CLK == "NONE") assign result = staged;
        else assign result = output_register;
        if (REGISTERS) begin
            always @(posedge CLK0) if (CE0) begin
                a_register <= a_in;
                b_register <= b_in;
                pipeline_register <= product;
                output_register <= staged;
            end
            always @(*) if (RST0) $fatal(1, "MULT18X18D: a reset of the registers is not modelled");
        end
    endgenerate
    // The low 36 bits of the product of the operands extended to 36 bits.
    assign product = {{18{SIGNEDA & a[17]}}, a} * {{18{SIGNEDB & b[17]}}, b};
    // Operands from the neighbour's shift register are not modelled.
    always @(*) if (SOURCEA | SOURCEB) $fatal(1, "MULT18X18D: SOURCEA and SOURCEB are not modelled");
    assign {P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17, P16,
        P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0} = result;
endmodule
