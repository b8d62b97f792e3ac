pragma circom 2.0.0;

include "circomlib/circuits/poseidon.circom";
include "circomlib/circuits/mux1.circom";

// "I know a leaf in the Merkle tree with this root" (Poseidon, binary, fixed depth).
template Membership(depth) {
    signal input leaf;
    signal input siblings[depth];
    signal input path[depth];       // 0: the node is the left child, 1: the right one
    signal output root;

    component leafHash = Poseidon(1);
    leafHash.inputs[0] <== leaf;

    component order[depth];
    component hash[depth];
    signal node[depth + 1];
    node[0] <== leafHash.out;
    for (var i = 0; i < depth; i++) {
        path[i] * (1 - path[i]) === 0;
        order[i] = MultiMux1(2);
        order[i].c[0][0] <== node[i];
        order[i].c[0][1] <== siblings[i];
        order[i].c[1][0] <== siblings[i];
        order[i].c[1][1] <== node[i];
        order[i].s <== path[i];
        hash[i] = Poseidon(2);
        hash[i].inputs[0] <== order[i].out[0];
        hash[i].inputs[1] <== order[i].out[1];
        node[i + 1] <== hash[i].out;
    }
    root <== node[depth];
}

component main = Membership(4);
