// `lipstream serve` with the synthetic avatar, behind a proxy that can lose connections.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

const START_MS = 90_000;

/**
 * @param {{lipstream: string, makeAvatar: string, folder: string}} where the programs are, and where to put the avatar
 * @param {string[]} more arguments of `lipstream serve`
 * @returns {Promise<{url: string, speech: string, log: () => string, dropConnections: () => void, close: () => Promise<number>}>}
 *   `speech`: a WAV file; close() gives the exit code after SIGTERM
 */
export async function startLiveServer({ lipstream, makeAvatar, folder }, more = []) {
  const made = spawnSync(makeAvatar, [folder, 'small'], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`make_demo_avatar: ${made.stderr}`);
  const port = await freePort();
  // One thread: the browser needs the other core, and a team of threads waits for its slowest.
  const args = ['serve', '--avatars', join(folder, 'avatar'), '--port', String(port), '--admit-all', '--threads', '1', ...more];
  const server = spawn(lipstream, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (data) => (output += data));
  const exited = new Promise((resolve) => server.on('exit', (code, signal) => resolve(code ?? signal)));
  await ready(`http://127.0.0.1:${port}/readyz`, exited, () => output);
  const proxy = await startProxy(port);
  return {
    url: `http://127.0.0.1:${proxy.port}`,
    speech: join(folder, 'speech.wav'),
    log: () => output,
    dropConnections: proxy.drop,
    async close() {
      proxy.close();
      server.kill('SIGTERM');
      const late = setTimeout(() => server.kill('SIGKILL'), 35_000);
      const code = await exited;
      clearTimeout(late);
      return code;
    },
  };
}

export function programs() {
  const { LIPSTREAM_BINARY: lipstream, LIPSTREAM_MAKE_AVATAR: makeAvatar, LIPSTREAM_WEB_FOLDER: folder } = process.env;
  for (const program of [lipstream, makeAvatar]) {
    if (!program || !existsSync(program)) throw new Error(`${program ?? 'LIPSTREAM_BINARY'} is not there; run this through ctest`);
  }
  return { lipstream, makeAvatar, folder };
}

async function ready(url, exited, log) {
  const gone = exited.then((code) => ({ gone: code }));
  for (const end = Date.now() + START_MS; Date.now() < end; ) {
    const answer = await Promise.race([fetch(url).catch(() => null), gone]);
    if (answer?.gone !== undefined) throw new Error(`lipstream serve ended with ${answer.gone}: ${log()}`);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`lipstream serve was not ready within ${START_MS / 1000} s: ${log()}`);
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function startProxy(target) {
  const open = new Set();
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    const pair = { client, upstream };
    open.add(pair);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
        open.delete(pair);
      });
    }
    client.pipe(upstream).pipe(client);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const drop = () => {
    for (const { client, upstream } of open) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
  };
  return { port: server.address().port, drop, close: () => (drop(), server.close()) };
}
