// What stands in for two blocks of the reduced engine. Points are replaced by weights: elements of the group Z/2^WEIGHT,
// in which 0 is infinity. x holds the weight, y the bucket that a point is of, z is 1 or, for infinity, 0.
// The macros (WEIGHT, BUCKETS_LOG, LATENCY) come with the sizes.

// Adds weights, LATENCY cycles later.
module m_adder(input wire clock,
    input wire [255:0] x1, input wire [255:0] y1, input wire [255:0] z1,
    input wire [255:0] x2, input wire [255:0] y2, input wire [255:0] z2,
    output wire [255:0] x3, output wire [255:0] y3, output wire [255:0] z3);
    localparam W = `WEIGHT, Y = `BUCKETS_LOG, T = `LATENCY;
    wire [W-1:0] left = z1[0] ? x1[W-1:0] : {W{1'b0}};
    wire [W-1:0] right = z2[0] ? x2[W-1:0] : {W{1'b0}};
    reg [T*(W+Y)-1:0] line = 0;
    wire [W+Y-1:0] in = {y1[Y-1:0], left + right};
    wire [W+Y-1:0] out = line[T*(W+Y)-1 -: W+Y];
    generate
        if (T == 1) always @(posedge clock) line <= in;
        else always @(posedge clock) line <= {line[(T-1)*(W+Y)-1:0], in};
    endgenerate
    assign x3 = {{256-W{1'b0}}, out[W-1:0]};
    assign y3 = {{256-Y{1'b0}}, out[W+Y-1:W]};
    assign z3 = {255'b0, |out[W-1:0]};
endmodule

// Any operands for any buckets, with any gaps, as long as it likes: keeps only what the recoder promises.
module m_recoder(input wire clock, input wire reset, input wire start, input wire [31:0] count, input wire montgomery,
    input wire [255:0] base_data, input wire base_valid, output wire base_ready,
    input wire [255:0] scalar_data, input wire scalar_valid, output wire scalar_ready,
    output reg op_valid, input wire op_ready, input wire beat,
    input wire decide, input wire op_will_go, output wire op_empty, output wire [23:0] op_bucket,
    output wire [255:0] op_x, output wire [255:0] op_y, output wire [23:0] bucket_next, output wire finished,
    output wire scalar_error, output wire [31:0] scalar_index);
    localparam W = `WEIGHT, Y = `BUCKETS_LOG;
    (* anyseq *) wire [Y-1:0] any_bucket;
    (* anyseq *) wire [W-1:0] any_weight;
    (* anyseq *) wire any_valid, any_stop, any_empty;
    reg more = 1'b0;
    reg [Y-1:0] bucket = 0;
    reg [W-1:0] weight = 0;
    initial op_valid = 1'b0;
    wire load = !op_valid || op_ready;
    wire sends = load && more && any_valid && (any_weight != 0);
    assign bucket_next = {{24-Y{1'b0}}, load ? any_bucket : bucket};
    assign op_bucket = {{24-Y{1'b0}}, bucket};
    assign op_x = {{256-W{1'b0}}, weight};
    assign op_y = {{256-Y{1'b0}}, bucket};
    assign op_empty = any_empty;
    assign finished = !more && !op_valid;
    assign base_ready = 1'b0;
    assign scalar_ready = 1'b0;
    assign scalar_error = 1'b0;
    assign scalar_index = 32'b0;
    always @(posedge clock) begin
        if (load) begin
            op_valid <= sends;
            bucket <= any_bucket;
            weight <= any_weight;
        end
        if (any_stop) more <= 1'b0;
        if (start) more <= !any_stop;
        if (reset) begin
            more <= 1'b0;
            op_valid <= 1'b0;
        end
    end
endmodule
