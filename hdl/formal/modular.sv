// A modular adder or subtractor against what it is to compute, in every cycle, for any reduced operands.
module spec(input wire clock, input wire [`WIDTH-1:0] a, input wire [`WIDTH-1:0] b, input wire subtract);
    localparam W = `WIDTH, T = `LATENCY;
    localparam [W:0] P = `MODULUS;
    wire [W-1:0] r;
    top dut(.clock(clock), .a(a), .b(b), `SUBTRACT .r(r));
    wire minus = `MINUS;
    wire [W:0] sum = a + b;
    wire [W:0] difference = (a < b) ? a + P - b : a - b;
    wire [W:0] want = minus ? difference : (sum >= P) ? sum - P : sum;
    reg [T*W-1:0] line = 0;
    reg [T-1:0] valid = 0;
    always @(posedge clock) begin
        line <= {line[(T-1)*W-1:0], want[W-1:0]};
        valid <= {valid[T-2:0], 1'b1};
    end
    always @(*) begin
        assume (a < P && b < P);
        if (valid[T-1]) exact: assert (r == line[T*W-1 -: W]);
    end
endmodule
