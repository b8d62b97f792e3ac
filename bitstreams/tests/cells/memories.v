// Block memories in all widths and modes, for `cells.rs`. Where one port reads what the other writes, the
// memories marked no_rw_check promise nothing: those outputs are masked in the cycle after.

// One port writes, one reads. RESET: 0 none, 1 synchronous, 2 asynchronous.
module one_way #(parameter W = 36, AW = 9, RESET = 0, EDGE = 1) (
    input clock, reset, we, en, input [3:0] be, input [AW-1:0] wa, ra, input [W-1:0] d, output [W-1:0] q
);
    (* ram_style = "block" *) reg [W-1:0] mem [0:(1 << AW) - 1];
    integer i;
    // Some words all over the memory; the others are 0 in both simulations.
    initial for (i = 0; i < 128; i = i + 1) mem[(i * 8191) & ((1 << AW) - 1)] = (i + 1) * 36'd40507641751 >> (i & 7);
    localparam LANE = W > 9 ? 9 : W;
    wire clk = EDGE ? clock : ~clock;
    genvar k;
    generate
        for (k = 0; k < W / LANE; k = k + 1) begin
            always @(posedge clk)
                if (we & (be[k] | W <= 9)) mem[wa][k * LANE +: LANE] <= d[k * LANE +: LANE];
        end
    endgenerate
    reg [W-1:0] r;
    initial r = 0;
    assign q = r;
    generate
        if (RESET == 0) begin
            always @(posedge clk) if (en) r <= mem[ra];
        end else if (RESET == 1) begin
            always @(posedge clk) if (reset) r <= 0; else if (en) r <= mem[ra];
        end else begin
            always @(posedge clk or posedge reset) if (reset) r <= 0; else if (en) r <= mem[ra];
        end
    endgenerate
endmodule

// The same, unchecked: yosys adds no logic for collisions.
module unchecked #(parameter W = 36, AW = 9) (
    input clock, we, en, input [AW-1:0] wa, ra, input [W-1:0] d, output [W-1:0] q
);
    (* ram_style = "block", no_rw_check *) reg [W-1:0] mem [0:(1 << AW) - 1];
    reg [W-1:0] r;
    reg clash;
    initial begin
        r = 0;
        clash = 0;
    end
    always @(posedge clock) begin
        if (we) mem[wa] <= d;
        if (en) begin
            r <= mem[ra];
            clash <= we & (wa == ra);
        end
    end
    assign q = clash ? 0 : r;
endmodule

// Both ports read and write. MODE: 0 the port's own write is not seen, 1 it keeps its output, 2 it shows the new.
module both_ways #(parameter W = 18, AW = 10, MODE = 0) (
    input clock, en_a, we_a, en_b, we_b, input [AW-1:0] aa, ab, input [W-1:0] da, db, output [W-1:0] qa, qb
);
    (* ram_style = "block", no_rw_check *) reg [W-1:0] mem [0:(1 << AW) - 1];
    reg [W-1:0] ra, rb;
    reg clash_a, clash_b;
    integer i;
    initial begin
        for (i = 0; i < 64; i = i + 1) mem[(i * 8191) & ((1 << AW) - 1)] = i * 7 + 3;
        ra = 0; rb = 0; clash_a = 0; clash_b = 0;
    end
    // Two writes to one word are nobody's business either.
    wire write_b = we_b & ~(en_a & we_a & aa == ab);
    wire look_a = en_a & ~(we_a & MODE == 1), look_b = en_b & ~(write_b & MODE == 1);
    always @(posedge clock) begin
        if (en_a) begin
            if (we_a) mem[aa] <= da;
            if (look_a) ra <= we_a & MODE == 2 ? da : mem[aa];
        end
        if (look_a) clash_a <= en_b & write_b & aa == ab;
    end
    always @(posedge clock) begin
        if (en_b) begin
            if (write_b) mem[ab] <= db;
            if (look_b) rb <= write_b & MODE == 2 ? db : mem[ab];
        end
        if (look_b) clash_b <= en_a & we_a & aa == ab;
    end
    assign qa = clash_a ? 0 : ra;
    assign qb = clash_b ? 0 : rb;
endmodule

module top (
    input clock, reset, en_a, we_a, en_b, we_b, input [3:0] be,
    input [13:0] aa, ab, input [35:0] da, db,
    output q1, output [1:0] q2, output [3:0] q4, output [8:0] q9, output [17:0] q18, output [35:0] q36,
    output [35:0] q36_sync, output [8:0] q9_async, output [17:0] q18_fall, output [71:0] q_wide, q_unchecked,
    output t1a, t1b, output [1:0] t2a, t2b, output [3:0] t4a, t4b,
    output [8:0] t9a, t9b, t9ka, t9kb, t9na, t9nb, output [17:0] t18a, t18b, t18ka, t18kb, t18na, t18nb
);
    one_way #(1, 14) m1(clock, reset, we_a, en_b, be, aa, ab, da[0], q1);
    one_way #(2, 13) m2(clock, reset, we_a, en_b, be, aa[12:0], ab[12:0], da[1:0], q2);
    one_way #(4, 12) m4(clock, reset, we_a, en_b, be, aa[11:0], ab[11:0], da[3:0], q4);
    one_way #(9, 11) m9(clock, reset, we_a, en_b, be, aa[10:0], ab[10:0], da[8:0], q9);
    one_way #(18, 10) m18(clock, reset, we_a, en_b, be, aa[9:0], ab[9:0], da[17:0], q18);
    one_way #(36, 9) m36(clock, reset, we_a, en_b, be, aa[8:0], ab[8:0], da, q36);
    one_way #(36, 9, 1) m36s(clock, reset, we_a, en_b, be, aa[8:0], ab[8:0], da, q36_sync);
    one_way #(9, 11, 2) m9a(clock, reset, we_a, en_b, be, aa[10:0], ab[10:0], da[8:0], q9_async);
    one_way #(18, 10, 0, 0) m18f(clock, reset, we_a, en_b, be, aa[9:0], ab[9:0], da[17:0], q18_fall);
    unchecked #(72, 9) u72(clock, we_a, en_b, aa[8:0], ab[8:0], {da, db}, q_unchecked);
    unchecked #(72, 10) u73(clock, we_a, en_b, aa[9:0], ab[9:0], {db, da}, q_wide);
    both_ways #(1, 14) d1(clock, en_a, we_a, en_b, we_b, aa, ab, da[0], db[0], t1a, t1b);
    both_ways #(2, 13) d2(clock, en_a, we_a, en_b, we_b, aa[12:0], ab[12:0], da[1:0], db[1:0], t2a, t2b);
    both_ways #(4, 12) d4(clock, en_a, we_a, en_b, we_b, aa[11:0], ab[11:0], da[3:0], db[3:0], t4a, t4b);
    both_ways #(9, 11) d9(clock, en_a, we_a, en_b, we_b, aa[10:0], ab[10:0], da[8:0], db[8:0], t9a, t9b);
    both_ways #(9, 11, 1) d9k(clock, en_a, we_a, en_b, we_b, aa[10:0], ab[10:0], da[8:0], db[8:0], t9ka, t9kb);
    both_ways #(9, 11, 2) d9n(clock, en_a, we_a, en_b, we_b, aa[10:0], ab[10:0], da[8:0], db[8:0], t9na, t9nb);
    both_ways #(18, 10) d18(clock, en_a, we_a, en_b, we_b, aa[9:0], ab[9:0], da[17:0], db[17:0], t18a, t18b);
    both_ways #(18, 10, 1) d18k(clock, en_a, we_a, en_b, we_b, aa[9:0], ab[9:0], da[17:0], db[17:0], t18ka, t18kb);
    both_ways #(18, 10, 2) d18n(clock, en_a, we_a, en_b, we_b, aa[9:0], ab[9:0], da[17:0], db[17:0], t18na, t18nb);
endmodule
