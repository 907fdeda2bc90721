// The server's end of a WebSocket, as much of RFC 6455 as a test needs: whole messages, ping, close.
import { createHash } from 'node:crypto';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Answers an upgrade and returns the socket: send(text or bytes), close(code), destroy(), onMessage, onClose. */
export function acceptWebSocket(request, socket, protocol) {
  const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + GUID).digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`);
  return new ServerSocket(socket);
}

class ServerSocket {
  constructor(socket) {
    this.socket = socket;
    this.received = Buffer.alloc(0);
    this.parts = [];
    this.onMessage = () => {};
    this.onClose = () => {};
    socket.setNoDelay(true);
    socket.on('data', (data) => this.read(data));
    socket.on('error', () => {});
    socket.on('close', () => this.onClose());
  }

  send(message) {
    if (typeof message === 'string') this.write(1, Buffer.from(message));
    else this.write(2, message);
  }

  close(code = 1000) {
    this.write(8, Buffer.from([code >> 8, code & 255]));
    this.socket.end();
  }

  /** As if the network were gone: no close frame. */
  destroy() {
    this.socket.destroy();
  }

  write(opcode, payload) {
    if (this.socket.destroyed) return;
    const head = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65536 ? 4 : 10);
    head[0] = 0x80 | opcode;
    if (head.length === 2) head[1] = payload.length;
    if (head.length === 4) head.writeUInt16BE(payload.length, (head[1] = 126) && 2);
    if (head.length === 10) head.writeBigUInt64BE(BigInt(payload.length), (head[1] = 127) && 2);
    this.socket.write(Buffer.concat([head, payload]));
  }

  read(data) {
    this.received = Buffer.concat([this.received, data]);
    for (let frame = this.parse(); frame; frame = this.parse()) {
      if (frame.opcode === 8) {
        this.write(8, frame.payload.subarray(0, 2));
        this.socket.end();
      } else if (frame.opcode === 9) {
        this.write(10, frame.payload);
      } else if (frame.opcode <= 2) {
        if (frame.opcode !== 0) this.opcode = frame.opcode;
        this.parts.push(frame.payload);
        if (!frame.final) continue;
        const whole = Buffer.concat(this.parts);
        this.parts = [];
        this.onMessage(this.opcode === 1 ? whole.toString() : whole);
      }
    }
  }

  parse() {
    const { received } = this;
    if (received.length < 2) return null;
    let size = received[1] & 127;
    let at = 2;
    if (size === 126) {
      if (received.length < 4) return null;
      size = received.readUInt16BE(2);
      at = 4;
    } else if (size === 127) {
      if (received.length < 10) return null;
      size = Number(received.readBigUInt64BE(2));
      at = 10;
    }
    if (received.length < at + 4 + size) return null;
    const mask = received.subarray(at, at + 4);
    const payload = Buffer.from(received.subarray(at + 4, at + 4 + size));
    for (let i = 0; i < size; ++i) payload[i] ^= mask[i & 3];
    this.received = received.subarray(at + 4 + size);
    return { opcode: received[0] & 15, final: (received[0] & 128) !== 0, payload };
  }
}
