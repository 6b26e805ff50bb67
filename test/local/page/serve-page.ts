import { serve } from '../../../local/host/http-server.ts';
import { createPage } from '../../../local/page/page.ts';
import { serving } from '../../../local/page/pages.ts';
import { emfLine, sidOf } from './support.ts';

/*
 * The page, and calls that are only told: a process of its own, since the bundler does not run where Jest does. Prints
 * its URL. Every third call goes on.
 */

const page = await createPage();
const server = await serve(serving(page.beside));
let calls = 0;

function tellMetrics(metrics: Readonly<Record<string, number>>): void {
  const line = emfLine(metrics, { at: Date.now() });
  page.host({ type: 'log', at: Date.now(), function: 'StartRecording', line });
}

page.offerCalls(() => {
  calls += 1;
  const callSid = sidOf(calls);
  const at = Date.now();
  const recordingSid = callSid.replace('CA', 'RE');
  const milliseconds = 310 + ((calls * 137) % 400);
  const numbers = { from: `+1555020${1000 + calls}`, to: '+15550100100' };
  const rest = { type: 'rest-answer', callSid, recordingSid, operation: 'CreateCallRecording' } as const;
  page.twilio({ type: 'call-placed', at, callSid, direction: 'inbound', ...numbers });
  page.twilio({ type: 'call-status', at, callSid, status: 'ringing' });
  page.host({ type: 'executionStarted', at: at + 64, execution: callSid, input: numbers });
  page.host({ type: 'stateEntered', at: at + 65, execution: callSid, state: 'StartRecording', input: {} });
  page.twilio({ ...rest, at: at + 312, httpStatus: 400, code: 21220, requestId: 1 });
  page.twilio({ type: 'call-status', at: at + 460, callSid, status: 'in-progress' });
  page.twilio({
    type: 'recording-started',
    at: at + 610,
    callSid,
    recordingSid,
    source: 'StartCallRecordingAPI',
  });
  page.twilio({ ...rest, at: at + 640, httpStatus: 201, code: undefined, requestId: 2 });
  page.host({ type: 'stateEntered', at: at + 700, execution: callSid, state: 'AwaitOutcome', input: {} });
  tellMetrics({ CallReceived: 1, RecordingStarted: 1, TimeToRecordingMilliseconds: milliseconds });
  if (calls % 3 > 0) {
    page.twilio({ type: 'call-status', at: at + 9_000, callSid, status: 'completed' });
    page.twilio({
      type: 'recording-finished',
      at: at + 9_300,
      callSid,
      recordingSid,
      status: 'completed',
      errorCode: 0,
    });
    page.host({ type: 'stateEntered', at: at + 9_301, execution: callSid, state: 'Recorded', input: {} });
    page.host({ type: 'executionEnded', at: at + 9_302, execution: callSid, status: 'SUCCEEDED', ms: 9_238 });
    tellMetrics({ RecordingCompleted: 1 });
  }
});
console.log(server.url);
