// The conformance fixture against the web client: the same file that tests/conformance/lipsync_v1_test.cc reads.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { HEADER_BYTES, decodeMediaMessage, encodeMediaMessage } from '../../web/client/media_message.js';
import { Session } from '../../web/client/session.js';
import { FakeSocket, openSession } from './fake_socket.mjs';

const fixture = JSON.parse(readFileSync(new URL('../conformance/lipsync_v1.json', import.meta.url)));
const bytes = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'));

/** Our names for the fixture's fields, which are the protocol's. */
function fields(header) {
  const { kind, codec, flags, seq, utterance, x, y } = header;
  return {
    kind, codec, flags, seq, utterance, ptsUs: header.pts_us, x, y, width: header.w, height: header.h,
    templateIndex: header.template_frame, serverLatencyUs: header.server_latency_us,
  };
}

for (const { name, hex, header, payload_hex: payloadHex } of fixture.media) {
  test(`reads a media message: ${name}`, () => {
    const { payload, ...found } = decodeMediaMessage(bytes(hex));
    assert.deepEqual(found, fields(header));
    assert.equal(Buffer.from(payload).toString('hex'), payloadHex);
  });
  test(`writes a media message: ${name}`, () => {
    const written = encodeMediaMessage({ ...fields(header), payload: bytes(payloadHex) });
    const isOfThisVersion = bytes(hex).length - bytes(payloadHex).length === HEADER_BYTES;
    if (isOfThisVersion) assert.equal(Buffer.from(written).toString('hex'), hex);
    else assert.deepEqual(decodeMediaMessage(written), decodeMediaMessage(bytes(hex)));
  });
}

test('reads a message within a larger buffer', () => {
  const { hex, header } = fixture.media[0];
  const around = new Uint8Array([9, 9, 9, ...bytes(hex)]);
  assert.equal(decodeMediaMessage(around.subarray(3)).ptsUs, header.pts_us);
});

for (const { name, hex } of fixture.bad_media) {
  test(`refuses a media message: ${name}`, () => {
    assert.throws(() => decodeMediaMessage(bytes(hex)), /^Error: media message/);
  });
}

for (const event of fixture.server_events.slice(1)) {
  test(`passes on what the server says: ${event.type}`, async () => {
    const { socket, seen } = await openSession(Session);
    socket.receive(event);
    assert.deepEqual(seen.filter(([type]) => type === event.type).at(-1), [event.type, event]);
  });
}

test('understands the fixture\'s new session', async () => {
  const { session } = await openSession(Session, fixture.server_events[0]);
  assert.equal(session.created.avatar.id, 'anna');
  assert.equal(session.state, 'open');
});

for (const [name, code] of Object.entries(fixture.close_codes)) {
  test(`tells people why a connection ended: ${name}`, async () => {
    const { socket, seen } = await openSession(Session, undefined, { later: () => {} });
    socket.onclose({ code, reason: '' });
    const [, failure] = seen.find(([type]) => type === 'failure') ?? [];
    const goesOn = ['internal', 'restart'].includes(name);  // it resumes instead
    assert.equal(failure === undefined, goesOn);
    if (!goesOn) assert.ok(failure.closeCode === code && !failure.message.includes(String(code)), failure.message);
  });
}

test('says only what the fixture says a client may say', async () => {
  const { session, socket } = await openSession(Session);
  session.sendPcm(new Int16Array(160));
  session.commit('greeting');
  session.clear();
  session.send({ type: 'playback.report', pts_us: 1, buffered_ms: 2, dropped: 3 });
  session.send({ type: 'keyframe.request' });
  session.close();
  const known = new Map(fixture.client_events.map(({ type, text }) => [type, new Set()]));
  for (const { type, text } of fixture.client_events) Object.keys(JSON.parse(text)).forEach((key) => known.get(type).add(key));
  const said = socket.sent.filter((message) => typeof message === 'string').map((text) => JSON.parse(text));
  assert.deepEqual(said.map(({ type }) => type),
    ['input_audio.commit', 'input_audio.clear', 'playback.report', 'keyframe.request', 'session.close']);
  for (const event of said) {
    for (const key of Object.keys(event)) assert.ok(key === 'event_id' || known.get(event.type).has(key), `${event.type}: ${key}`);
  }
  assert.ok(FakeSocket.opened.length > 0);
});
