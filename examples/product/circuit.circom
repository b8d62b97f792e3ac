pragma circom 2.0.0;

// I know two factors of a public number, neither of which is one. The smallest example: 5 wires.
template Product() {
    signal input a;
    signal input b;
    signal output n;
    signal inverse_a;
    signal inverse_b;

    n <== a * b;
    // a - 1 and b - 1 have inverses, so neither factor is one.
    inverse_a <-- 1 / (a - 1);
    inverse_b <-- 1 / (b - 1);
    (a - 1) * inverse_a === 1;
    (b - 1) * inverse_b === 1;
}

component main = Product();
