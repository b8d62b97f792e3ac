pragma circom 2.0.0;

include "circomlib/circuits/poseidon.circom";

// "I know two field elements whose Poseidon hash is `hash`."
template Preimage() {
    signal input preimage[2];
    signal output hash;

    component hasher = Poseidon(2);
    hasher.inputs[0] <== preimage[0];
    hasher.inputs[1] <== preimage[1];
    hash <== hasher.out;
}

component main = Preimage();
