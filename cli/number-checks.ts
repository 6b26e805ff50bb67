import { connected } from './connect-plan.ts';
import { type Finding, ok, problem, warning } from './findings.ts';
import {
  type AccountNumber,
  destinationOf,
  isRecorderItself,
  leadsPast,
  type Recorder,
} from './number-configuration.ts';
import { shownUrl } from './shown-url.ts';

const CONNECT = 'Run `npx recorder connect` for it.';

/** Whether a number's calls are led to the recorder, and what becomes of them when it is down. */
export function checkNumber(number: AccountNumber, recorder: Recorder, name: string): readonly Finding[] {
  const { voiceUrl } = recorder;
  const plan = connected(number, recorder);
  if (plan.kind === 'refused') {
    return [problem(name, `${plan.title}: ${plan.detail}`, plan.hint)];
  }
  const destination = destinationOf(number.voice_url, voiceUrl);
  if (destination.kind === 'nowhere' || destination.kind === 'application') {
    const where = number.voice_url === '' ? 'nowhere' : `to ${shownUrl(number.voice_url)}`;
    return [problem(name, `its voice URL leads ${where}, and not to the recorder.`, CONNECT)];
  }
  if (destination.kind === 'other-recorder') {
    return [problem(name, `it leads to another recorder, ${destination.voiceUrl}.`, CONNECT)];
  }
  // Where it is undefined, the plan was refused.
  const application = destination.former ?? '';
  return [
    voiceUrlFinding(number, name, application, voiceUrl),
    ...(number.voice_method === 'POST'
      ? []
      : [
          problem(
            name,
            `the recorder is asked with ${number.voice_method}, and answers to POST only.`,
            CONNECT,
          ),
        ]),
    fallbackFinding(number, recorder, name, application),
    ...(number.voice_url.includes('#')
      ? []
      : [
          warning(
            name,
            'its voice URL has no connection overrides: Twilio tries again only if there is no connection.',
            CONNECT,
          ),
        ]),
  ];
}

function voiceUrlFinding(
  number: AccountNumber,
  name: string,
  application: string,
  voiceUrl: string,
): Finding {
  if (application === '') {
    return ok(name, 'leads to the recorder, and on to what `otherwise` in the configuration says.');
  }
  return destinationOf(application, voiceUrl).kind === 'application'
    ? ok(name, `leads to the recorder, and on to ${shownUrl(application)}.`)
    : problem(name, `leads through a second recorder: ${shownUrl(number.voice_url)}.`, CONNECT);
}

function fallbackFinding(
  { voice_fallback_url }: AccountNumber,
  { voiceUrl, whenNotRecorded }: Recorder,
  name: string,
  application: string,
): Finding {
  const mustBeRecorded = whenNotRecorded === 'refuse';
  if (mustBeRecorded && leadsPast(voice_fallback_url, application, voiceUrl)) {
    return problem(
      name,
      'its fallback is the application: when the recorder is down, calls go on that must be recorded.',
      CONNECT,
    );
  }
  if (voice_fallback_url !== '' && isRecorderItself(voice_fallback_url, voiceUrl)) {
    return warning(name, 'its fallback is the recorder itself: it is of no use when that is down.', CONNECT);
  }
  if (voice_fallback_url !== '') {
    return ok(name, `falls back to ${shownUrl(voice_fallback_url)}.`);
  }
  return mustBeRecorded
    ? ok(name, 'has no fallback, as calls must be recorded.')
    : warning(
        name,
        'has no fallback: when the recorder is down, callers hear an error.',
        application === '' ? 'Name one with `npx recorder connect --fallback`.' : CONNECT,
      );
}
