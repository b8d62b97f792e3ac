#!/usr/bin/env bash
# Makes the example keys, witnesses and verification keys again from their circuits.
#   examples/make.sh            all examples
#   examples/make.sh poseidon   one of them
# Needs node and npm; circom2, circomlib and snarkjs are installed here from package-lock.json.
#
# The setup is a demonstration: one contributor with a fixed text as entropy. Whoever knows the
# text can forge proofs for these circuits. Never use these keys for anything but tests.
set -euo pipefail
cd "$(dirname "$0")"
command -v node >/dev/null && command -v npm >/dev/null ||
    { echo "examples/make.sh: node and npm are missing: apt-get install --no-install-recommends nodejs npm" >&2; exit 2; }
[ -d node_modules ] || npm ci --no-audit --no-fund
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
snarkjs="node node_modules/snarkjs/build/cli.cjs"
circom="node node_modules/circom2/cli.js"
power=12

$snarkjs powersoftau new bn128 $power "$work/0.ptau"
$snarkjs powersoftau contribute "$work/0.ptau" "$work/1.ptau" --name=demo -e="gristmill demonstration, not secret"
$snarkjs powersoftau prepare phase2 "$work/1.ptau" "$work/final.ptau"

for name in "${@:-poseidon merkle product}"; do
  for example in $name; do
    mkdir -p "$work/$example"
    $circom "$example/circuit.circom" --r1cs --wasm --O1 -l node_modules -o "$work/$example"
    $snarkjs groth16 setup "$work/$example/circuit.r1cs" "$work/final.ptau" "$work/$example/0.zkey"
    $snarkjs zkey contribute "$work/$example/0.zkey" "$example/circuit.zkey" --name=demo -e="gristmill demonstration, not secret"
    $snarkjs zkey export verificationkey "$example/circuit.zkey" "$example/verification_key.json"
    $snarkjs wtns calculate "$work/$example/circuit_js/circuit.wasm" "$example/input.json" "$example/witness.wtns"
    $snarkjs wtns check "$work/$example/circuit.r1cs" "$example/witness.wtns"
  done
done
ls -l */circuit.zkey */witness.wtns
