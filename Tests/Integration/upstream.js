// The server behind the gateway in the integration tests, on the `ws` library. It answers `hello:MESSAGE` to a text
// message and the same bytes to a binary one; these text messages are commands:
//
//   headers               the upgrade request as it arrived: {"url": …, "headers": …}
//   close:CODE:REASON     closes with that code and reason
//   die                   ends the TCP connection without a close frame
//   fragment:A|B|C        one text message in as many frames
//   ping:TEXT             a ping frame
//   flood:COUNT:SIZE      COUNT binary messages of SIZE bytes; each begins with its number, big-endian in 4 bytes
//
// Every line on standard output is one JSON object: `listening`, and for each connection `open`, `pong` and `close`.
// It ends when its standard input does.
'use strict';

const { WebSocketServer } = require('ws');

const report = (line) => process.stdout.write(JSON.stringify(line) + '\n');

function sendFragments(socket, parts) {
  parts.forEach((part, index) => socket.send(part, { fin: index === parts.length - 1 }));
}

function flood(socket, count, size) {
  const message = Buffer.alloc(size);
  for (let number = 0; number < count; number += 1) {
    message.writeUInt32BE(number, 0);
    socket.send(Buffer.from(message), { binary: true });
  }
}

const commands = {
  headers: (socket, rest, request) => socket.send(JSON.stringify({ url: request.url, headers: request.headers })),
  close: (socket, rest) => socket.close(Number(rest[0]), rest.slice(1).join(':')),
  die: (socket) => socket.terminate(),
  fragment: (socket, rest) => sendFragments(socket, rest.join(':').split('|')),
  ping: (socket, rest) => socket.ping(rest.join(':')),
  flood: (socket, rest) => flood(socket, Number(rest[0]), Number(rest[1])),
};

function answer(socket, request, data, isBinary) {
  if (isBinary) return socket.send(data, { binary: true });
  const [name, ...rest] = data.toString().split(':');
  const command = Object.prototype.hasOwnProperty.call(commands, name) ? commands[name] : null;
  return command ? command(socket, rest, request) : socket.send('hello:' + data);
}

let connections = 0;

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: true }, () => {
  report({ event: 'listening', port: server.address().port });
});

server.on('connection', (socket, request) => {
  connections += 1;
  const id = connections;
  report({ event: 'open', id, url: request.url, headers: request.headers });
  socket.on('message', (data, isBinary) => answer(socket, request, data, isBinary));
  socket.on('pong', (data) => report({ event: 'pong', id, text: data.toString() }));
  socket.on('close', (code, reason) => report({ event: 'close', id, code, reason: reason.toString() }));
  socket.on('error', (error) => report({ event: 'error', id, message: error.message }));
});

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
