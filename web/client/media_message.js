// Binary media messages of lipsync.v1: a 40-byte little-endian header and a payload.

export const MAGIC = 0x4c;
export const VERSION = 1;
export const HEADER_BYTES = 40;

export const Kind = Object.freeze({ FULL: 1, PATCH: 2, MP4_INIT: 3, MP4_FRAGMENT: 4, AUDIO: 5 });
export const Codec = Object.freeze({ JPEG: 1, WEBP: 2, H264: 3, MP4: 4, PCM_S16LE: 5, OPUS: 6, AAC: 7 });
export const Flag = Object.freeze({ KEY: 1, IDLE: 2, LAST: 4, DISCONTINUITY: 8, REPEAT: 16, DROPPED: 32 });

/**
 * Reads one binary message. What a later version adds behind byte 40 of the header is skipped; kinds, codecs and flags
 * this client does not know are passed on as numbers.
 *
 * @param {ArrayBuffer|Uint8Array} data
 * @returns {{kind: number, codec: number, flags: number, seq: number, utterance: number, ptsUs: number, x: number,
 *   y: number, width: number, height: number, templateIndex: number, serverLatencyUs: number, payload: Uint8Array}}
 *   `payload` is a view of `data`. `ptsUs` is exact up to 2^53, 285 years of media.
 * @throws {Error} with one sentence, when this is no such message.
 */
export function decodeMediaMessage(data) {
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
  if (bytes.length < HEADER_BYTES) {
    throw new Error(`media message of ${bytes.length} bytes: its header alone has ${HEADER_BYTES}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(0) !== MAGIC) {
    throw new Error(`media message starts with byte ${view.getUint8(0)}, expected ${MAGIC}`);
  }
  if (view.getUint8(1) !== VERSION) {
    throw new Error(`media message of version ${view.getUint8(1)}, this client reads version ${VERSION}`);
  }
  const headerBytes = view.getUint16(6, true);
  if (headerBytes < HEADER_BYTES || headerBytes > bytes.length) {
    throw new Error(`media message of ${bytes.length} bytes states a header of ${headerBytes} bytes`);
  }
  return {
    kind: view.getUint8(2),
    codec: view.getUint8(3),
    flags: view.getUint16(4, true),
    seq: view.getUint32(8, true),
    utterance: view.getUint32(12, true),
    ptsUs: Number(view.getBigInt64(16, true)),
    x: view.getUint16(24, true),
    y: view.getUint16(26, true),
    width: view.getUint16(28, true),
    height: view.getUint16(30, true),
    templateIndex: view.getUint32(32, true),
    serverLatencyUs: view.getUint32(36, true),
    payload: bytes.subarray(headerBytes),
  };
}

/**
 * Writes what decodeMediaMessage reads: for servers in tests, and for tools that record a session.
 *
 * @param {object} message fields as decodeMediaMessage returns them; what is missing is 0.
 * @returns {Uint8Array}
 */
export function encodeMediaMessage(message) {
  const payload = message.payload ?? new Uint8Array(0);
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, MAGIC);
  view.setUint8(1, VERSION);
  view.setUint8(2, message.kind ?? 0);
  view.setUint8(3, message.codec ?? 0);
  view.setUint16(4, message.flags ?? 0, true);
  view.setUint16(6, HEADER_BYTES, true);
  view.setUint32(8, message.seq ?? 0, true);
  view.setUint32(12, message.utterance ?? 0, true);
  view.setBigInt64(16, BigInt(message.ptsUs ?? 0), true);
  view.setUint16(24, message.x ?? 0, true);
  view.setUint16(26, message.y ?? 0, true);
  view.setUint16(28, message.width ?? 0, true);
  view.setUint16(30, message.height ?? 0, true);
  view.setUint32(32, message.templateIndex ?? 0, true);
  view.setUint32(36, message.serverLatencyUs ?? 0, true);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}
