pragma circom 2.0.0;
template Chain(n) {
    signal input a;
    signal input b;
    signal output c;
    signal x[n+1];
    x[0] <== a;
    for (var i = 0; i < n; i++) { x[i+1] <== x[i]*x[i] + b; }
    c <== x[n];
}
component main {public [b]} = Chain(10);
