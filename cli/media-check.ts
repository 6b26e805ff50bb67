import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { type Finding, ok, problem, warning } from './findings.ts';
import { codeOf } from './recorder-api.ts';
import type { TwilioAccount } from './twilio-account.ts';

const CHECK = 'media';
const TIMEOUT_MS = 10_000;
const SETTING =
  'In the Twilio console, under Voice, Settings, enable "Enforce HTTP Auth on Media URLs": https://support.twilio.com/hc/en-us/articles/15827821586843';

/**
 * Whether recordings can be fetched by whoever knows their URL. The API does not show the setting, so the newest
 * recording's file is asked for without credentials, and without its bytes.
 */
export async function checkMedia(account: TwilioAccount): Promise<Finding> {
  try {
    const url = await account.newestMedia();
    if (url === undefined) {
      return warning(CHECK, 'there is no recording yet whose file could be asked for.', SETTING);
    }
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const { status } = await fetch(url, { method: 'HEAD', redirect: 'manual', signal });
    return mediaFinding(status);
  } catch (error) {
    if (error instanceof Failure && error.exitCode !== EXIT.notAllowed) {
      return warning(CHECK, `could not be looked at: ${error.message.split('\n')[0]}`, SETTING);
    }
    return error instanceof Failure
      ? warning(CHECK, 'this API key may not list recordings, so none could be asked for.', SETTING)
      : warning(CHECK, `the newest recording's file could not be asked for (${codeOf(error)}).`, SETTING);
  }
}

/** @param status of a request without credentials; a redirect leads to the file */
export function mediaFinding(status: number): Finding {
  if (status === 401 || status === 403) {
    return ok(CHECK, 'recordings are given to nobody without credentials.');
  }
  return status >= 200 && status <= 399
    ? problem(CHECK, 'recordings are given to whoever knows their URL.', SETTING)
    : warning(CHECK, `the newest recording's file is answered with ${status}: nobody can tell.`, SETTING);
}
