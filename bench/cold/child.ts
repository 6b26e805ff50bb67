import { createRequire } from 'node:module';

/*
 * A fresh process: imports one bundle, calls its handler once, says how long each took. Runs as
 * `node child.ts <bundle> <event as JSON>`.
 */
const [, , bundle = '', event = '{}'] = process.argv;
const parsedEvent = JSON.parse(event);
// Handlers print logs and metrics; the figures go out by themselves.
const print = process.stdout.write.bind(process.stdout);
process.stdout.write = () => true;

const begun = performance.now();
// As Lambda's runtime loads a CommonJS bundle.
const { handler } = createRequire(import.meta.url)(bundle);
const imported = performance.now();
const answer = await handler(parsedEvent, { awsRequestId: 'bench' });
const called = performance.now();
print(JSON.stringify({ importMs: imported - begun, firstCallMs: called - imported, answer }));
process.exit(0);
