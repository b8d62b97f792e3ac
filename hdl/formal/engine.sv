// What must hold in every cycle of the reduced engine: properties. Its inputs are signals of the engine, by their names in
// RustHDL ("." between an instance and its signal, as they stand once the hierarchy is flat); the driver connects them.
(* keep_hierarchy *)
module checks(
    input wire clock,
    input wire reset,
    input wire start,
    input wire ready,
    input wire running,
    input wire a_valid,
    input wire a_full,
    input wire a_reads,
    input wire a_writes,
    input wire b_valid,
    input wire b_reads,
    input wire b_writes,
    input wire b_parks,
    input wire p_reads,
    input wire p_writes,
    input wire [23:0] b_slot,
    input wire [23:0] p_slot,
    input wire [25:0] tag_in,
    input wire banked$0$summing,
    input wire parking$0$first_valid,
    input wire parking$0$room,
    input wire [255:0] parking$0$first_x,
    input wire [255:0] parking$0$x,
    input wire recoder$op_valid,
    input wire recoder$op_ready,
    input wire recoder$finished,
    input wire [23:0] recoder$op_bucket,
    input wire [255:0] recoder$op_x,
    input wire results$in_valid,
    input wire \results.full ,
    input wire summation$start,
    input wire [23:0] summation$bucket,
    input wire [255:0] adder$0$x1,
    input wire [255:0] adder$0$x2,
    input wire [255:0] adder$0$y1,
    input wire [255:0] adder$0$y2,
    input wire [255:0] adder$0$z1,
    input wire [255:0] adder$0$z2
`ifdef INVARIANT
    ,
    input wire [94:0] \control.q ,
    input wire [$clog2(`STALL_DEPTH)-1:0] \results.rd ,
    input wire [$clog2(`STALL_DEPTH)-1:0] \results.wr ,
    input wire [$clog2(`STALL_DEPTH+1)-1:0] \results.count ,
    input wire \results.some ,
    input wire [791:0] results$out_data,
    input wire [25:0] \tag$0.q ,
    input wire [26*(`LATENCY-1)-1:0] \tag$0.line ,
    input wire [(`WEIGHT+`BUCKETS_LOG)*`LATENCY-1:0] \adder$0.line ,
    input wire [800:0] \issue.q ,
    input wire [793:0] \head.q ,
    input wire \parking$0.taken.q ,
    input wire [791:0] \parking$0.oldest.q ,
    input wire \parking$0.behind.some ,
    input wire \parking$0.behind.full ,
    input wire \parking$0.behind.count ,
    input wire \parking$0.behind.rd ,
    input wire \parking$0.behind.wr ,
    input wire [791:0] \parking$0.behind$out_data ,
    input wire [767:0] bucket_point,
    input wire [146:0] \banked$0.state.q ,
    input wire \banked$0.parity_a ,
    input wire \banked$0.parity_b ,
    input wire \banked$0.parity_p ,
    input wire \banked$0.get_a ,
    input wire \banked$0.get_b ,
    input wire \banked$0.get_p ,
    input wire [109:0] \summation.state.q ,
    input wire [12:0] \pace.s.q ,
    input wire \recoder.more ,
    input wire [`WEIGHT-1:0] \recoder.weight 
    `MEMORIES
`endif
);
    localparam W = `WEIGHT, Y = `BUCKETS_LOG;
    wire summing = banked$0$summing;
    wire accumulating = running && !summing;
    reg past = 1'b0;
    always @(posedge clock) past <= 1'b1;

    // A bucket of the solver's choice, as a place for one point.
    (* anyconst *) wire [Y-1:0] one_bucket;
    wire a_here = recoder$op_bucket == one_bucket;
    wire b_here = b_slot == one_bucket;
    wire p_here = p_slot == one_bucket;
    wire writes = accumulating && ((a_writes && a_here) || (b_writes && b_here) || (p_writes && p_here));
    wire reads = accumulating && ((a_reads && a_here) || (b_reads && b_here) || (p_reads && p_here));
    wire sums = summing && a_valid && (summation$bucket == one_bucket);
    wire [1:0] writers = (a_writes && a_here) + (b_writes && b_here) + (p_writes && p_here);
    reg [2:0] parked = 0;
    reg full = 1'b0;
    reg [W-1:0] weight = 0;
    reg read_before = 1'b0;
    reg summed_before = 1'b0;
    reg full_before = 1'b0;
    reg [W-1:0] weight_before = 0;
    always @(posedge clock) begin
        if (writes) begin
            full <= 1'b1;
            weight <= (b_writes && b_here) ? parking$0$x[W-1:0] : (p_writes && p_here) ? parking$0$first_x[W-1:0] : recoder$op_x[W-1:0];
        end
        if (reads || sums) full <= 1'b0;
        parked <= parked + b_parks - (p_reads || p_writes);
        read_before <= reads;
        summed_before <= sums;
        full_before <= full;
        weight_before <= weight;
        if (reset) begin
            full <= 1'b0;
            parked <= 0;
            read_before <= 1'b0;
            summed_before <= 1'b0;
        end
    end

    always @(*) if (!reset) begin
        // One operand reads; none reads an empty slot or writes a full one.
        if (accumulating) begin
            one_reads: assert (a_reads + b_reads + p_reads <= 1);
            one_writes: assert (writers <= 1);
            read_is_full: assert (!reads || full);
            write_is_empty: assert (!writes || !full);
            not_both: assert (!(reads && writes));
            a_asks: assert (!(a_reads || a_writes) || recoder$op_valid);
            b_asks: assert (!(b_reads || b_writes || b_parks) || b_valid);
            b_once: assert (b_reads + b_writes + b_parks <= 1);
            p_asks: assert (!(p_reads || p_writes) || parking$0$first_valid);
        end
        sum_sees_full: assert (!sums || (a_full == full));

        // The two operands of an addition are of the bucket that the tag names, and the right one is what was written there.
        if (tag_in[0] && !tag_in[1]) begin
            two_points: assert ((adder$0$z1 != 0) && (adder$0$z2 != 0));
            same_bucket: assert ((adder$0$y1 == adder$0$y2) && (adder$0$y1 == tag_in[25:2]));
        end
        if (read_before) begin
            read_enters: assert (tag_in[0] && !tag_in[1] && (tag_in[25:2] == one_bucket));
            right_point: assert (adder$0$x2 == weight_before);
        end
        if (summed_before) summed_point: assert (full_before ? (adder$0$z2 != 0 && adder$0$x2 == weight_before) : adder$0$z2 == 0);

        // Sums always find a place, in the FIFO and with those that are parked.
        fifo_has_room: assert (!results$in_valid || !\results.full );
        parking_has_room: assert (!b_parks || parking$0$room);
        two_places: assert (parked <= 2 && parking$0$first_valid == (parked != 0));
        // Somebody goes in every cycle.
        progress: assert (!accumulating || !(a_valid || b_valid || parking$0$first_valid)
            || a_reads || a_writes || b_reads || b_writes || p_reads || p_writes);
    end

    // What the recoder sent to each bucket.
    reg [W-1:0] sent [0:`BUCKETS-1];
    integer j, k;
    initial for (k = 0; k < `BUCKETS; k = k + 1) sent[k] = 0;
    always @(posedge clock) begin
        if (accumulating && recoder$op_valid && recoder$op_ready)
            sent[recoder$op_bucket[Y-1:0]] <= sent[recoder$op_bucket[Y-1:0]] + recoder$op_x[W-1:0];
        if (reset || (ready && start)) for (j = 0; j < `BUCKETS; j = j + 1) sent[j] <= 0;
    end
`ifdef CONSERVED
    always @(*) if (!reset) begin
        // At the end of the accumulation a bucket holds all that was sent to it, and nothing else.
        if (summation$start) conserved: assert ((full ? weight : {W{1'b0}}) == sent[one_bucket]);
    end
`endif
`ifdef INVARIANT
`include "invariant.sv"
`endif
endmodule
