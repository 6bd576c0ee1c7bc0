// Loaded before a program (node --require), which stays as it is: what it connects to conso.boris.sh comes to a port of this
// machine, and to anything else it does not connect at all. TLS and the name that it asks for are the program's own affair.
const net = require("node:net");

const { connect } = net.Socket.prototype;

net.Socket.prototype.connect = function (...words) {
  const normalized = Array.isArray(words[0]); // as net.connect hands it on
  const options = normalized ? words[0][0] : words[0];
  if (options?.host !== "conso.boris.sh" || Number(options.port) !== 443) {
    throw new Error(`a connection to ${options?.host ?? options?.path}:${options?.port} in a test`);
  }
  const here = { ...options, host: "127.0.0.1", port: Number(process.env.CONSO_TEST_PORT) };
  return normalized ? connect.call(this, Object.assign([here, words[0][1]], words[0].slice(2))) : connect.call(this, here, ...words.slice(1));
};
