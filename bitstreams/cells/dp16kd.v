// DP16KD: a block RAM of the ECP5, 18 Kib with two ports, written from the description in Lattice's
// technical note TN1264, "ECP5 and ECP5-5G Memory Usage Guide", and from how yosys maps memories onto it
// (techlibs/lattice/brams_16kd.txt and brams_map_16kd.v): 1, 2, 4, 9, 18 bits a port; 36 bits as pseudo
// dual port (port A writes {DIB, DIA}, port B reads {DOB, DOA}).
//
// The memory is 512 words of 36 bits, four units of 9. Address bits 13:5 are the word, 4:3 the unit; widths
// of 1, 2 and 4 use eight of a unit's bits. Ports of 18 and 36 bits take their byte enables from the address
// bits that they do not need, the lowest.
//
// What one port reads while the other writes it, the device does not define: this model inverts those bits,
// so that a design that relies on them fails. A parameter value that is not modelled ends the build (by a module
// that does not exist: Verilator can be told to take $fatal for a warning); a parameter that stands not here at
// all is an error of the simulator.
/* verilator lint_off MULTIDRIVEN */
module DP16KD #(
    parameter DATA_WIDTH_A = 18,
    parameter DATA_WIDTH_B = 18,
    parameter REGMODE_A = "NOREG",
    parameter REGMODE_B = "NOREG",
    parameter RESETMODE = "SYNC",
    parameter ASYNC_RESET_RELEASE = "SYNC",
    parameter CSDECODE_A = "0b000",
    parameter CSDECODE_B = "0b000",
    parameter CLKAMUX = "CLKA",
    parameter CLKBMUX = "CLKB",
    parameter WRITEMODE_A = "NORMAL",
    parameter WRITEMODE_B = "NORMAL",
    parameter GSR = "ENABLED",
    parameter [319:0] INITVAL_00 = 320'h0,
    parameter [319:0] INITVAL_01 = 320'h0,
    parameter [319:0] INITVAL_02 = 320'h0,
    parameter [319:0] INITVAL_03 = 320'h0,
    parameter [319:0] INITVAL_04 = 320'h0,
    parameter [319:0] INITVAL_05 = 320'h0,
    parameter [319:0] INITVAL_06 = 320'h0,
    parameter [319:0] INITVAL_07 = 320'h0,
    parameter [319:0] INITVAL_08 = 320'h0,
    parameter [319:0] INITVAL_09 = 320'h0,
    parameter [319:0] INITVAL_0A = 320'h0,
    parameter [319:0] INITVAL_0B = 320'h0,
    parameter [319:0] INITVAL_0C = 320'h0,
    parameter [319:0] INITVAL_0D = 320'h0,
    parameter [319:0] INITVAL_0E = 320'h0,
    parameter [319:0] INITVAL_0F = 320'h0,
    parameter [319:0] INITVAL_10 = 320'h0,
    parameter [319:0] INITVAL_11 = 320'h0,
    parameter [319:0] INITVAL_12 = 320'h0,
    parameter [319:0] INITVAL_13 = 320'h0,
    parameter [319:0] INITVAL_14 = 320'h0,
    parameter [319:0] INITVAL_15 = 320'h0,
    parameter [319:0] INITVAL_16 = 320'h0,
    parameter [319:0] INITVAL_17 = 320'h0,
    parameter [319:0] INITVAL_18 = 320'h0,
    parameter [319:0] INITVAL_19 = 320'h0,
    parameter [319:0] INITVAL_1A = 320'h0,
    parameter [319:0] INITVAL_1B = 320'h0,
    parameter [319:0] INITVAL_1C = 320'h0,
    parameter [319:0] INITVAL_1D = 320'h0,
    parameter [319:0] INITVAL_1E = 320'h0,
    parameter [319:0] INITVAL_1F = 320'h0,
    parameter [319:0] INITVAL_20 = 320'h0,
    parameter [319:0] INITVAL_21 = 320'h0,
    parameter [319:0] INITVAL_22 = 320'h0,
    parameter [319:0] INITVAL_23 = 320'h0,
    parameter [319:0] INITVAL_24 = 320'h0,
    parameter [319:0] INITVAL_25 = 320'h0,
    parameter [319:0] INITVAL_26 = 320'h0,
    parameter [319:0] INITVAL_27 = 320'h0,
    parameter [319:0] INITVAL_28 = 320'h0,
    parameter [319:0] INITVAL_29 = 320'h0,
    parameter [319:0] INITVAL_2A = 320'h0,
    parameter [319:0] INITVAL_2B = 320'h0,
    parameter [319:0] INITVAL_2C = 320'h0,
    parameter [319:0] INITVAL_2D = 320'h0,
    parameter [319:0] INITVAL_2E = 320'h0,
    parameter [319:0] INITVAL_2F = 320'h0,
    parameter [319:0] INITVAL_30 = 320'h0,
    parameter [319:0] INITVAL_31 = 320'h0,
    parameter [319:0] INITVAL_32 = 320'h0,
    parameter [319:0] INITVAL_33 = 320'h0,
    parameter [319:0] INITVAL_34 = 320'h0,
    parameter [319:0] INITVAL_35 = 320'h0,
    parameter [319:0] INITVAL_36 = 320'h0,
    parameter [319:0] INITVAL_37 = 320'h0,
    parameter [319:0] INITVAL_38 = 320'h0,
    parameter [319:0] INITVAL_39 = 320'h0,
    parameter [319:0] INITVAL_3A = 320'h0,
    parameter [319:0] INITVAL_3B = 320'h0,
    parameter [319:0] INITVAL_3C = 320'h0,
    parameter [319:0] INITVAL_3D = 320'h0,
    parameter [319:0] INITVAL_3E = 320'h0,
    parameter [319:0] INITVAL_3F = 320'h0
) (
    input DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2,
        DIA1, DIA0,
    input ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
    input CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
    output DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2,
        DOA1, DOA0,
    input DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2,
        DIB1, DIB0,
    input ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
    input CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
    output DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2,
        DOB1, DOB0
);
    function known(input integer width);
        known = width == 1 || width == 2 || width == 4 || width == 9 || width == 18 || width == 36;
    endfunction

    generate
        if (!known(DATA_WIDTH_A)) begin
            $fatal(1, "DP16KD: DATA_WIDTH_A = %0d is not modelled", DATA_WIDTH_A);
            NOT_MODELLED stop();
        end
        if (!known(DATA_WIDTH_B)) begin
            $fatal(1, "DP16KD: DATA_WIDTH_B = %0d is not modelled", DATA_WIDTH_B);
            NOT_MODELLED stop();
        end
        if (REGMODE_A != "NOREG") begin
            $fatal(1, "DP16KD: REGMODE_A = %s is not modelled", REGMODE_A);
            NOT_MODELLED stop();
        end
        if (REGMODE_B != "NOREG") begin
            $fatal(1, "DP16KD: REGMODE_B = %s is not modelled", REGMODE_B);
            NOT_MODELLED stop();
        end
        if (RESETMODE != "SYNC" && RESETMODE != "ASYNC") begin
            $fatal(1, "DP16KD: RESETMODE = %s is not modelled", RESETMODE);
            NOT_MODELLED stop();
        end
        // How an asynchronous reset is released matters to timing, not to a simulation of cycles.
        if (ASYNC_RESET_RELEASE != "SYNC" && ASYNC_RESET_RELEASE != "ASYNC") begin
            $fatal(1, "DP16KD: ASYNC_RESET_RELEASE = %s is not modelled", ASYNC_RESET_RELEASE);
            NOT_MODELLED stop();
        end
        if (CSDECODE_A != "0b000") begin
            $fatal(1, "DP16KD: CSDECODE_A = %s is not modelled", CSDECODE_A);
            NOT_MODELLED stop();
        end
        if (CSDECODE_B != "0b000") begin
            $fatal(1, "DP16KD: CSDECODE_B = %s is not modelled", CSDECODE_B);
            NOT_MODELLED stop();
        end
        if (CLKAMUX != "CLKA" && CLKAMUX != "INV") begin
            $fatal(1, "DP16KD: CLKAMUX = %s is not modelled", CLKAMUX);
            NOT_MODELLED stop();
        end
        if (CLKBMUX != "CLKB" && CLKBMUX != "INV") begin
            $fatal(1, "DP16KD: CLKBMUX = %s is not modelled", CLKBMUX);
            NOT_MODELLED stop();
        end
        if (WRITEMODE_A != "NORMAL" && WRITEMODE_A != "WRITETHROUGH" && WRITEMODE_A != "READBEFOREWRITE") begin
            $fatal(1, "DP16KD: WRITEMODE_A = %s is not modelled", WRITEMODE_A);
            NOT_MODELLED stop();
        end
        if (WRITEMODE_B != "NORMAL" && WRITEMODE_B != "WRITETHROUGH" && WRITEMODE_B != "READBEFOREWRITE") begin
            $fatal(1, "DP16KD: WRITEMODE_B = %s is not modelled", WRITEMODE_B);
            NOT_MODELLED stop();
        end
    endgenerate

    wire [17:0] dia = {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4,
        DIA3, DIA2, DIA1, DIA0};
    wire [17:0] dib = {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4,
        DIB3, DIB2, DIB1, DIB0};
    wire [13:0] ada = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0};
    wire [13:0] adb = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0};
    wire clka = CLKAMUX == "INV" ? ~CLKA : CLKA;
    wire clkb = CLKBMUX == "INV" ? ~CLKB : CLKB;

    localparam [20479:0] INIT = {
        INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39, INITVAL_38,
        INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30,
        INITVAL_2F, INITVAL_2E, INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28,
        INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24, INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20,
        INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C, INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18,
        INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10,
        INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A, INITVAL_09, INITVAL_08,
        INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01, INITVAL_00
    };
    reg [35:0] words [0:511];
    integer k;
    initial for (k = 0; k < 512; k = k + 1) words[k] = {INIT[40 * k + 20 +: 18], INIT[40 * k +: 18]};

    // Where a port's data lie in a word, and which bits there it may write or reads.
    function [5:0] low(input integer width, input [4:0] address);
        case (width)
            36: low = 0;
            18: low = address[4] ? 6'd18 : 6'd0;
            9: low = 9 * address[4:3];
            4: low = 9 * address[4:3] + 4 * address[2];
            2: low = 9 * address[4:3] + 2 * address[2:1];
            default: low = 9 * address[4:3] + address[2:0];
        endcase
    endfunction
    function [35:0] lanes(input integer width, input [3:0] enables);
        case (width)
            36: lanes = {{9{enables[3]}}, {9{enables[2]}}, {9{enables[1]}}, {9{enables[0]}}};
            18: lanes = {18'd0, {9{enables[1]}}, {9{enables[0]}}};
            default: lanes = (36'd1 << width) - 36'd1;
        endcase
    endfunction

    wire a_on = CEA & ~CSA0 & ~CSA1 & ~CSA2;
    wire b_on = CEB & ~CSB0 & ~CSB1 & ~CSB2;
    wire a_write = a_on & WEA & ~(RESETMODE == "SYNC" & RSTA);
    wire b_write = b_on & WEB & ~(RESETMODE == "SYNC" & RSTB);
    wire [8:0] a_word = ada[13:5];
    wire [8:0] b_word = adb[13:5];
    wire [5:0] a_low = low(DATA_WIDTH_A, ada[4:0]);
    wire [5:0] b_low = low(DATA_WIDTH_B, adb[4:0]);
    wire [35:0] a_in = DATA_WIDTH_A == 36 ? {dib, dia} : {18'd0, dia};
    wire [35:0] b_in = {18'd0, dib};
    wire [35:0] a_lanes = lanes(DATA_WIDTH_A, ada[3:0]);
    wire [35:0] b_lanes = lanes(DATA_WIDTH_B, adb[3:0]);
    // Bits that the other port writes at this moment.
    wire [35:0] b_clash = a_write & (a_word == b_word) ? (a_lanes << a_low) >> b_low : 36'd0;
    wire [35:0] a_clash = b_write & (a_word == b_word) ? (b_lanes << b_low) >> a_low : 36'd0;

    generate
        if (DATA_WIDTH_A == 36) begin
            always @(posedge clka) if (a_write) begin
                if (ada[0]) words[a_word][8:0] <= a_in[8:0];
                if (ada[1]) words[a_word][17:9] <= a_in[17:9];
                if (ada[2]) words[a_word][26:18] <= a_in[26:18];
                if (ada[3]) words[a_word][35:27] <= a_in[35:27];
            end
        end else if (DATA_WIDTH_A == 18) begin
            always @(posedge clka) if (a_write) begin
                if (ada[0]) words[a_word][a_low +: 9] <= a_in[8:0];
                if (ada[1]) words[a_word][a_low + 6'd9 +: 9] <= a_in[17:9];
            end
        end else begin
            always @(posedge clka) if (a_write) words[a_word][a_low +: DATA_WIDTH_A] <= a_in[0 +: DATA_WIDTH_A];
        end
        if (DATA_WIDTH_A == 36 || DATA_WIDTH_B == 36) begin
            always @(posedge clkb) if (b_write) $fatal(1, "DP16KD: port B writes while a port is 36 bits wide");
        end else if (DATA_WIDTH_B == 18) begin
            always @(posedge clkb) if (b_write) begin
                if (adb[0]) words[b_word][b_low +: 9] <= b_in[8:0];
                if (adb[1]) words[b_word][b_low + 6'd9 +: 9] <= b_in[17:9];
            end
        end else begin
            always @(posedge clkb) if (b_write) words[b_word][b_low +: DATA_WIDTH_B] <= b_in[0 +: DATA_WIDTH_B];
        end
    endgenerate

    // What a port shows: NORMAL keeps it through a write, READBEFOREWRITE shows what the write replaces,
    // WRITETHROUGH what it leaves.
    wire [35:0] a_all = lanes(DATA_WIDTH_A, 4'hf);
    wire [35:0] b_all = lanes(DATA_WIDTH_B, 4'hf);
    reg [35:0] a_out, b_out;
    initial begin
        a_out = 36'd0;
        b_out = 36'd0;
    end
    function [35:0] shown(input through, input [35:0] old, input [35:0] new_, input [35:0] written);
        shown = through ? (old & ~written) | (new_ & written) : old;
    endfunction
    wire a_look = a_on & (~WEA | WRITEMODE_A != "NORMAL");
    wire b_look = b_on & (~WEB | WRITEMODE_B != "NORMAL");
    generate
        if (RESETMODE == "ASYNC") begin
            always @(posedge clka or posedge RSTA)
                if (RSTA) a_out <= 36'd0;
                else if (a_look)
                    a_out <= a_all & shown(WEA & WRITEMODE_A == "WRITETHROUGH", (words[a_word] >> a_low) ^ a_clash,
                        a_in, a_lanes);
            always @(posedge clkb or posedge RSTB)
                if (RSTB) b_out <= 36'd0;
                else if (b_look)
                    b_out <= b_all & shown(WEB & WRITEMODE_B == "WRITETHROUGH", (words[b_word] >> b_low) ^ b_clash,
                        b_in, b_lanes);
        end else begin
            always @(posedge clka)
                if (RSTA) a_out <= 36'd0;
                else if (a_look)
                    a_out <= a_all & shown(WEA & WRITEMODE_A == "WRITETHROUGH", (words[a_word] >> a_low) ^ a_clash,
                        a_in, a_lanes);
            always @(posedge clkb)
                if (RSTB) b_out <= 36'd0;
                else if (b_look)
                    b_out <= b_all & shown(WEB & WRITEMODE_B == "WRITETHROUGH", (words[b_word] >> b_low) ^ b_clash,
                        b_in, b_lanes);
        end
    endgenerate
    assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2,
        DOA1, DOA0} = DATA_WIDTH_B == 36 ? b_out[17:0] : a_out[17:0];
    assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2,
        DOB1, DOB0} = DATA_WIDTH_B == 36 ? b_out[35:18] : b_out[17:0];
endmodule
