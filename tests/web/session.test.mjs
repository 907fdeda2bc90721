// Sessions: refusals as sentences, and going on after a lost connection without losing or repeating a sample.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Session } from '../../web/client/session.js';
import { CREATED, FakeSocket, openSession } from './fake_socket.mjs';

/** Row k of what is said holds the numbers 100 k ... 100 k + 99, so that every sample says where it belongs. */
const piece = (k) => Int16Array.from({ length: 100 }, (_, i) => 100 * k + i);

function answer(status, body, headers = {}) {
  return async () => ({ ok: status < 300, status, json: async () => body, headers: new Headers(headers) });
}

/** A session that tries again when it is told to: reconnect() gives the socket it opened. */
async function openPatient() {
  const waiting = [];
  const opened = await openSession(Session, CREATED, { later: (run) => waiting.push(run) });
  const reconnect = () => {
    waiting.shift()();
    return FakeSocket.opened.at(-1);
  };
  return { ...opened, reconnect };
}

test('offers the protocol and the token to the WebSocket', async () => {
  const { socket } = await openSession(Session);
  assert.equal(socket.url, 'ws://localhost/v1/stream?avatar=anna');
  assert.deepEqual(socket.protocols, ['lipsync.v1', 'bearer.t']);
});

test('a session of a token\'s is told how it should be', async () => {
  const { socket } = await openSession(Session, CREATED, { settings: { video: { mode: 'h264' }, pace: 'asap' } });
  assert.equal(socket.url, 'ws://localhost/v1/stream?avatar=anna&mode=h264');
  assert.deepEqual(socket.events, [{ type: 'session.update', video: { mode: 'h264' }, pace: 'asap' }]);
});

test('makes a session first when there is no token', async () => {
  const asked = [];
  const fetch = async (url, request) => {
    asked.push([url.href, JSON.parse(request.body)]);
    return answer(201, { ws_url: '/v1/stream?session=7', token: 'made' })();
  };
  const { socket } = await openSession(Session, CREATED, { token: undefined, fetch, settings: { pace: 'asap' } });
  assert.deepEqual(asked, [['http://localhost/v1/sessions', { avatar: 'anna', pace: 'asap' }]]);
  assert.equal(socket.url, 'ws://localhost/v1/stream?session=7');
  assert.deepEqual(socket.protocols, ['lipsync.v1', 'bearer.made']);
});

test('a refusal becomes a sentence with what to do', async () => {
  const fetch = answer(503, { error: { message: 'all 2 slots are taken' } }, { 'Retry-After': '5' });
  const session = new Session({ url: 'http://localhost/', fetch, WebSocket: FakeSocket }, () => {});
  await assert.rejects(session.connect(), { message: 'All 2 slots are taken. Try again in 5 s.' });
  assert.equal(session.state, 'closed');
});

test('a server that is not there becomes a sentence', async () => {
  const fetch = async () => { throw new TypeError('fetch failed'); };
  const session = new Session({ url: 'http://localhost:9/', fetch, WebSocket: FakeSocket }, () => {});
  await assert.rejects(session.connect(), { message: 'The server at localhost:9 does not answer.' });
});

test('a lost connection is resumed, and what the server never got is sent again', async () => {
  const { session, socket, seen, reconnect } = await openPatient();
  session.sendPcm(piece(0));
  session.sendPcm(piece(1));
  socket.lose();
  session.sendPcm(piece(2));
  session.commit();
  assert.equal(session.state, 'resuming');
  const again = reconnect();
  again.open();
  assert.equal(again.url, 'ws://localhost/v1/stream?avatar=anna&resume=1');
  assert.deepEqual(again.events, [{ type: 'session.resume', resume_token: 'r', next_sample: 0 }]);
  again.receive({ ...CREATED, resumed: true, next_sample: 150 });
  assert.deepEqual(again.pcm, [...piece(1).slice(50), ...piece(2)]);
  assert.equal(again.events.at(-1).type, 'input_audio.commit');
  assert.deepEqual(seen.filter(([type]) => type === 'state').map(([, state]) => state),
    ['connecting', 'open', 'resuming', 'open']);
});

test('a commit in the middle of what is sent again keeps its place', async () => {
  const { session, socket, reconnect } = await openPatient();
  session.sendPcm(piece(0));
  session.commit();
  session.sendPcm(piece(1));
  socket.lose();
  const again = reconnect();
  again.open();
  again.receive({ ...CREATED, resumed: true, next_sample: 0 });
  const order = again.sent.slice(1).map((message) => (typeof message === 'string' ? JSON.parse(message).type : message[0]));
  assert.deepEqual(order, [0, 'input_audio.commit', 100]);
});

test('a commit that was acted on is not repeated', async () => {
  const { session, socket, reconnect } = await openPatient();
  session.sendPcm(piece(0));
  session.commit();
  socket.receive({ type: 'utterance.done', utterance: 1 });
  socket.lose();
  const again = reconnect();
  again.open();
  again.receive({ ...CREATED, resumed: true, next_sample: 100 });
  assert.deepEqual(again.events.map(({ type }) => type), ['session.resume']);
  assert.deepEqual(again.pcm, []);
});

test('gives up in the end, and says so once', async () => {
  const { session, socket, seen, reconnect } = await openPatient();
  socket.lose();
  for (let i = 0; i < 20 && session.state !== 'closed'; ++i) reconnect().lose();
  assert.equal(session.state, 'closed');
  assert.equal(seen.filter(([type]) => type === 'failure').length, 1);
});

for (const [code, sentence] of [
  [4404, 'The server has no such avatar.'],
  [4409, 'The session goes on in another window.'],
  [4430, 'This connection is too slow for the video.'],
]) {
  test(`close code ${code} ends the session with a sentence`, async () => {
    const { session, socket, seen } = await openSession(Session);
    socket.lose(code);
    assert.equal(session.state, 'closed');
    assert.deepEqual(seen.filter(([type]) => type === 'failure').map(([, error]) => error.message), [sentence]);
  });
}

test('a fatal error speaks for the close code behind it', async () => {
  const { socket, seen } = await openSession(Session);
  socket.receive({ type: 'error', fatal: true, error: { message: 'the resume token is not known' } });
  socket.lose(4400);
  assert.equal(seen.at(-1)[1].message, 'The resume token is not known.');
});
