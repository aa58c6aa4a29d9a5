// Ctrl-C at a question of cdktf's ends Terraform in order, and cdktf with it.
//
// There the terminal sends a key instead of a signal. cdktf 0.21 takes its question away then, and waits for
// ever for Terraform, which waits for the answer and holds the lock of the state.
"use strict";
const { spawn } = require("node:child_process");

const CTRL_C = "\u0003";
const stdin = process.stdin;

function interruptTerraform(keys) {
  if (keys.toString().includes(CTRL_C)) {
    spawn("pkill", ["-INT", "-P", String(process.pid)], { stdio: "ignore" }).on("error", () => {});
  }
}

if (stdin.isTTY) {
  const setRawMode = stdin.setRawMode;
  stdin.setRawMode = function (isRaw) {
    stdin.removeListener("data", interruptTerraform);
    if (isRaw) {
      stdin.on("data", interruptTerraform);
    }
    return setRawMode.call(stdin, isRaw);
  };
}
