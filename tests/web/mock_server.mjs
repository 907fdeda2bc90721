// A small server that speaks lipsync.v1 from made-up material, to test the web client by itself.
//
//   node tests/web/mock_server.mjs [PORT]      serves web/ for looking at it
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeMaterial } from './mock_material.mjs';
import { AVATAR, MockSession } from './mock_session.mjs';
import { acceptWebSocket } from './web_socket.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const POLICY = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; base-uri 'none'";

/**
 * @returns {Promise<{url: string, control: object, close: () => void}>} `control`: what tests see and turn.
 *   events: client events; sent: frames; clearedAtMs; refuse: an error body for the next POST; frozen: no frames;
 *   loading: the avatar is not ready; rogue: three frames of an utterance come after output.cleared;
 *   dropConnections(): tears every socket; files: {path: {type, data}} to serve besides web/
 */
export async function startMockServer(port = 0) {
  const material = makeMaterial();
  const sessions = new Map();
  const control = {
    events: [], sent: [], clearedAtMs: 0, refuse: null, frozen: false, loading: false, rogue: false, sessions, files: {},
    dropConnections: () => sessions.forEach((session) => session.socket?.destroy()),
  };
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    const json = (status, body, headers = {}) => {
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    };
    if (path === '/v1/avatars') return json(200, { avatars: [{ ...AVATAR, ready: !control.loading }] });
    if (path === '/v1/samples') return json(200, { samples: [{ id: 'hello', url: '/v1/samples/hello.wav', seconds: 10.7 }] });
    if (path === '/v1/samples/hello.wav') return send(response, await readFile(join(ROOT, 'assets/demo/hello.wav')), 'audio/wav');
    if (path === AVATAR.background_url) return send(response, material.background, 'video/mp4');
    if (path === '/v1/sessions') {
      const settings = JSON.parse(await body(request));
      if (control.refuse) {
        const error = control.refuse;
        control.refuse = null;
        return json(error.status ?? 503, { error }, { 'Retry-After': '5' });
      }
      const id = `s${sessions.size + 1}`;
      sessions.set(id, new MockSession(id, settings, material, control));
      return json(201, { session_id: id, ws_url: `/v1/stream?session=${id}`, token: 'secret' });
    }
    if (control.files[path]) {
      response.writeHead(200, { 'Content-Type': control.files[path].type });
      return response.end(control.files[path].data);
    }
    const file = join(ROOT, 'web', normalize(path === '/' ? '/index.html' : path));
    const type = TYPES[extname(file)];
    const data = type && (await readFile(file).catch(() => null));
    return data ? send(response, data, type) : json(404, { error: { message: `there is no ${path}` } });
  });
  server.on('upgrade', (request, socket) => {
    const session = sessions.get(new URL(request.url, 'http://localhost').searchParams.get('session'));
    if (!session) return socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
    const connection = acceptWebSocket(request, socket, 'lipsync.v1');
    if (!session.socket && !session.attached) return session.attach(connection, false);
    connection.onMessage = (text) => {
      const event = JSON.parse(text);
      control.events.push(event);
      if (event.resume_token === session.token) session.attach(connection, true);
      else connection.close(4400);
    };
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = () => {
    sessions.forEach((session) => (session.socket?.destroy(), session.detach()));
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, control, close };
}

function send(response, data, type) {
  response.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': POLICY });
  response.end(data);
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log((await startMockServer(Number(process.argv[2] ?? 8090))).url);
}
