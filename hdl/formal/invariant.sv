// What makes the properties of engine.sv inductive: where each sum is, that each is what it says, and that lookups, copies and
// counts agree with what they stand for. Struct layouts as RustHDL packs them, with coordinates of C bits.
    localparam C = `COORDINATE, B = `BUCKETS, T = `LATENCY, D = `STALL_DEPTH, L = `PER_WINDOW;
    wire [2:0] phase = \control.q [2:0];
    wire wipe = phase == 0, idle_now = phase == 1, acc = phase == 2, sum_now = phase == 3, write_now = phase == 4;
    wire [23:0] address = \control.q [3 +: 24];
    wire wiping = \control.q [27], wiped = \control.q [28], begin_sum = \control.q [29];
    wire [15:0] in_flight = \control.q [30 +: 16];
    wire read_odd = \control.q [94];
    // The tracker's bits of each slot.
    wire [B-1:0] put_a, put_b, put_p, get_a, get_b, get_p;
    wire [B-1:0] is_full = put_a ^ get_a;
    // A point in the memory of each slot.
    wire [B*3*C-1:0] points;
    genvar g;
    // The FIFO's words.
    wire [D*(3*C+24)-1:0] fifo;
    wire [3*C+23:0] newest;
    `MEMORY
    wire [15:0] waits = \results.count ;
    wire [D-1:0] there;
    generate for (g = 0; g < D; g = g + 1) begin : place
        assign there[g] = ((g >= \results.rd ) ? g - \results.rd : g + D - \results.rd ) < waits;
    end endgenerate
    // The adder's stages, the newest first.
    wire [T*26-1:0] tags = {\tag$0.q , \tag$0.line };
    wire [T-1:0] stage;
    generate for (g = 0; g < T; g = g + 1) begin : of_stage
        assign stage[g] = tags[26*g] && !tags[26*g+1];
    end endgenerate
    wire issued = \issue.q [0] && !\issue.q [5] && !\issue.q [6];
    wire [23:0] issue_at = \issue.q [9 +: 24];
    wire head_valid = \head.q [0], head_point = \head.q [1];
    wire [3*C+23:0] head_sum = \head.q [2 +: 3*C+24];
    // Parked: the first, and one in the FIFO behind it.
    wire first = \parking$0.taken.q , second = \parking$0.behind.some ;
    wire [3*C+23:0] oldest = \parking$0.oldest.q ;
    wire [146:0] look = \banked$0.state.q ;
    // Summation.
    wire [109:0] s = \summation.state.q ;
    wire s_busy = s[0], s_slot = s[1], s_weighted = s[2], s_last = s[4];
    wire [15:0] s_chain = s[5 +: 16], s_elapsed = s[93 +: 16];
    wire [23:0] s_round = s[21 +: 24], s_bucket = s[45 +: 24], s_start = s[69 +: 24];

    // A sum with its bucket: finite only if it says so, and its tag is its bucket.
    function sound(input [3*C+23:0] o, input finite);
        sound = (o[3*C +: 24] < B) && (o[C +: C] == o[3*C +: 24]) && (o[0 +: C] < (1 << W))
            && (o[2*C +: C] == (o[0 +: C] != 0)) && (!finite || o[2*C +: C] == 1);
    endfunction

    // Sums on their way.
    reg [7:0] flying;
    integer h;
    always @(*) begin
        flying = head_valid + first + second + issued;
        for (h = 0; h < T; h = h + 1) if (stage[h]) flying = flying + 1;
        for (h = 0; h < D; h = h + 1) if (there[h]) flying = flying + 1;
    end

    integer n, m, q;
    always @(*) begin
        n = 0; m = 0; q = 0;
        phases: assert (phase <= 4);
        every_cycle: assert (\pace.s.q [8:0] == 0 && !\pace.s.q [11]);
        rd_in: assert (\results.rd < D && \results.wr < D && waits <= D);
        counts: assert (\results.rd + waits == \results.wr || \results.rd + waits == \results.wr + D);
        some_full: assert (\results.some == (waits != 0) && \results.full == (waits == D));
        never_above: assert (waits <= `URGENT);
        if (\results.some ) falls_through: assert (results$out_data == fifo[\results.rd *(3*C+24) +: 3*C+24]);
        for (n = 0; n < D; n = n + 1) if (there[n]) assert (sound(fifo[n*(3*C+24) +: 3*C+24], 0));
        if (head_valid) in_head: assert (sound(head_sum, 0) && head_point == (head_sum[2*C +: C] != 0) && look[24 +: 24] == head_sum[3*C +: 24]);
        parked_is: assert (parked == first + second);
        behind: assert (!\parking$0.behind.rd && !\parking$0.behind.wr && \parking$0.behind.count == second && \parking$0.behind.full == second);
        if (second) in_order: assert (first && sound(newest, 1) && \parking$0.behind$out_data == newest);
        if (first) in_parking: assert (sound(oldest, 1));
        slot_is_busy: assert (s_busy || !s_slot);
        if (!sum_now) no_chain: assert (!\issue.q [5]);
        look_p: assert (look[48 +: 24] == oldest[3*C +: 24]);
        for (m = 0; m < T; m = m + 1) if (stage[m])
            assert ((tags[26*m+2 +: 24] < B) && (\adder$0.line [(W+Y)*m+W +: Y] == tags[26*m+2 +: 24]));
        if (issued) begin
            in_issue: assert (issue_at < B && \issue.q [33 +: C] < (1 << W) && \issue.q [33 +: C] != 0
                && \issue.q [33+C +: C] == issue_at && \issue.q [33+2*C +: C] == 1);
            in_right: assert (bucket_point[0 +: C] < (1 << W) && bucket_point[0 +: C] != 0
                && bucket_point[C +: C] == issue_at && bucket_point[2*C +: C] == 1);
        end
        if (recoder$op_valid) operand: assert (acc && \recoder.weight != 0);
        if (\recoder.more ) more: assert (acc);
        if (acc && recoder$op_valid) look_a: assert (look[0 +: 24] == recoder$op_bucket);
        if (full) of_slot: assert (weight != 0);

        // Wiping.
        if (wipe) begin
            wipe_bound: assert (address <= `LAST_WIPED && (!wiped || address == `LAST_WIPED) && wiping == (address != 0) && !begin_sum && !s_busy);
            wipe_empty: assert (!issued && !full && !head_valid && !first && in_flight == 0 && waits == 0);
            for (m = 0; m < T; m = m + 1) if (stage[m]) assert (m >= address);
            wipe_flags: assert (address < 2 || !(look[72] || look[97] || look[122]));
            if (wiping) wipe_asks: assert (look[0 +: 24] == (wiped ? `LAST_WIPED : address - 1));
            for (q = 0; q < B; q = q + 1) if (q + 1 < address) assert (!put_a[q] && !put_b[q] && !put_p[q] && !get_a[q] && !get_b[q] && !get_p[q]);
            if (address > B + 3) wipe_shown: assert ({\banked$0.parity_a , \banked$0.get_a , \banked$0.parity_b , \banked$0.get_b ,
                \banked$0.parity_p , \banked$0.get_p } == 0);
        end else begin
            copies: assert (put_a == put_b && put_a == put_p && get_a == get_b && get_a == get_p);
            not_wiping: assert (!wiping);
            if (look[0 +: 24] < B) shown_a: assert ({\banked$0.parity_a , \banked$0.get_a } == {put_a[look[Y-1:0]], get_a[look[Y-1:0]]});
            if (look[24 +: 24] < B) shown_b: assert ({\banked$0.parity_b , \banked$0.get_b } == {put_a[look[24 +: Y]], get_a[look[24 +: Y]]});
            if (look[48 +: 24] < B) shown_p: assert ({\banked$0.parity_p , \banked$0.get_p } == {put_a[look[48 +: Y]], get_a[look[48 +: Y]]});
            tracked: assert (full == is_full[one_bucket]);
            if (full) stored: assert (points[one_bucket*3*C +: C] == weight);
            for (q = 0; q < B; q = q + 1) if (is_full[q]) assert (sound({q[23:0], points[q*3*C +: 3*C]}, 1));
            if (acc) flight: assert (in_flight == flying);
            else nothing_flies: assert (flying == 0 && in_flight == 0);
            if (acc || idle_now || write_now) not_summing: assert (!s_busy && !begin_sum);
            if (idle_now || write_now) all_empty: assert (is_full == 0);
            if (sum_now) begin
                one_of: assert (begin_sum != s_busy);
                if (s_busy) begin
                    in_round: assert (s_round <= L && s_chain < `WINDOWS && s_last == (s_round == L) && s_elapsed <= `LAST_STEP
                        && (s_last || s_start == L - 1 - s_round));
                    if (s_slot) in_turn: assert (s_elapsed == 2 * s_chain + s_weighted && (s_last || s_bucket == s_chain * L + s_start)
                        && look[0 +: 24] == s_bucket);
                    else between: assert (s_elapsed >= 2 * `WINDOWS);
                    for (q = 0; q < B; q = q + 1) if (is_full[q])
                        assert (!s_last && ((q % L) < s_start || ((q % L) == s_start && s_slot
                            && (s_chain < q / L || (s_chain == q / L && !s_weighted)))));
                end
            end
        end
    end
