// Runs some of these tests for ctest; exits 77, "skipped", with the reason, where what they need is missing.
//
//   node tests/web/run.mjs [--browser] FILE...
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CHROMIUM, PACKAGES } from './browser.mjs';

const files = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const lacking = [];
if (Number(process.versions.node.split('.')[0]) < 18) lacking.push(`Node.js 18 (this is ${process.versions.node})`);
if (process.argv.includes('--browser')) {
  if (!existsSync(CHROMIUM)) lacking.push(`a browser at ${CHROMIUM} (Debian's package chromium)`);
  if (!existsSync(join(PACKAGES, 'node_modules/playwright-core'))) lacking.push(`playwright-core in ${PACKAGES}`);
}
if (lacking.length > 0) {
  console.log(`skipped: ${lacking.join(' and ')} missing; ./dev setup installs it`);
  process.exit(77);
}
process.exit(spawnSync(process.execPath, ['--test', ...files], { stdio: 'inherit' }).status ?? 1);
