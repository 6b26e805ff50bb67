import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

/**
 * One of the things that keep calls from being recorded twice, lost or told wrongly, and the edit of the source that
 * takes it away. A simulation that goes on without complaint when one is missing would prove nothing.
 */
export interface Guard {
  readonly what: string;
  /** From the project's root. */
  readonly file: string;
  /** Occurs once in the file. */
  readonly code: string;
  readonly without: string;
  /** Some finding without it, and none with it. */
  readonly foundOutBy: RegExp;
  /** Where it counts, if not in every run: callers are asked, and may say no; or operators command recordings. */
  readonly setting?: 'asked' | 'operators';
}

export const GUARDS = {
  name: {
    what: 'An execution is named by its CallSid',
    file: 'lambda/shared/executions.ts',
    code: 'name,\n        input:',
    without: 'name: name + String(Math.random()).slice(2),\n        input:',
    foundOutBy: /the execution .* ran beside another one/,
  },
  claim: {
    what: 'Whoever creates a recording claims the call’s row before',
    file: 'lambda/recording/dynamodb-store.ts',
    code: 'AND (attribute_not_exists(LeaseOwner) OR LeaseExpiresAt < :now OR LeaseOwner = :owner)`,',
    without: 'OR :now > :owner OR :now < :owner OR attribute_exists(CallSid)`,',
    foundOutBy: /sent a create while .* waited/,
  },
  list: {
    what: 'Twilio’s list is looked at before a create that may not be the first',
    file: 'lambda/recording/start.ts',
    code: "      case 'look':\n        return this.#look();",
    without: "      case 'look':\n        return this.#create();",
    foundOutBy: /sent a create before anybody could have seen/,
  },
  settle: {
    what: 'A create of unknown end is given time to show in the list',
    file: 'lambda/recording/start.ts',
    code: '  settle: 1_500,',
    without: '  settle: 0,',
    foundOutBy: /sent a create before anybody could have seen/,
  },
  adopt: {
    what: 'A recording that is found is adopted',
    file: 'lambda/recording/start.ts',
    code: "return recording ? adopted(recording) : { step: 'create', afterMilliseconds: 0 };",
    without: "return { step: 'create', afterMilliseconds: recording ? 0 : 0 };",
    foundOutBy: /sent a create although it had seen/,
  },
  rank: {
    what: 'A status never goes back',
    file: 'lambda/recording/merge.ts',
    code: 'status: rank(seen.status) > rank(known.status) ? seen.status : known.status,',
    without: 'status: seen.status,',
    foundOutBy: /went back from/,
  },
  verify: {
    what: 'A second recording is stopped',
    file: 'lambda/recording/verify.ts',
    code: '  for (const recording of toStop) {',
    without: '  for (const recording of toStop.slice(0, 0)) {',
    foundOutBy: /recorded twice at the same time, for/,
  },
  reconcile: {
    what: 'Twilio is asked when no callback comes',
    file: 'lambda/recording/reconcile.ts',
    code: '  for (const recording of states) {',
    without: '  final = true;\n  for (const recording of states.slice(0, 0)) {',
    foundOutBy: /its recording is [\w-]+, its row says/,
  },
  final: {
    what: 'An execution goes on until each recording has its last status',
    file: 'lambda/recording/merge.ts',
    code: 'recordings.every(({ status }) => isFinal(status))',
    without: 'recordings.some(({ status }) => isFinal(status))',
    foundOutBy: /the execution .* ended while/,
  },
  sweep: {
    what: 'Calls that no webhook announced are looked for',
    file: 'lambda/recording/sweep.ts',
    code: 'Object.groupBy(calls, (call)',
    without: 'Object.groupBy(calls.slice(0, 0), (call)',
    foundOutBy: /has no row/,
  },
  revive: {
    what: 'A call whose execution has died gets another one',
    file: 'lambda/recording/executions-of-a-call.ts',
    code: 'executionNames(call.callSid)) {\n    switch',
    without: 'executionNames(call.callSid).slice(0, 0)) {\n    switch',
    foundOutBy: /its row is open after all/,
  },
  early: {
    what: 'A call that goes on after its recording has ended is told of',
    file: 'lambda/recording/ended-early.ts',
    code: '|| toldOf >= count) {',
    without: '|| toldOf < count) {',
    foundOutBy: /somebody else ended its recording .* and nobody was told/,
  },
  turn: {
    what: 'Commands to one call are carried out one after the other',
    file: 'lambda/recording/dynamodb-store.ts',
    code: '(attribute_not_exists(CommandOwner) OR CommandLeaseExpiresAt < :now OR CommandOwner = :owner)`,',
    without: '(attribute_exists(CallSid) OR CommandLeaseExpiresAt < :now OR CommandOwner = :owner)`,',
    foundOutBy: /in the end, its row says that it was told/,
    setting: 'operators',
  },
  order: {
    what: 'A stop holds for a recording that shows only later',
    file: 'lambda/recording/merge.ts',
    code: "=> order?.action === 'stop';",
    without: "=> order?.action === 'stop' && order.number < 0;",
    foundOutBy: /after an operator’s pause or stop was done/,
    setting: 'operators',
  },
  consent: {
    what: 'Nobody creates a recording of a call whose caller has not said yes',
    file: 'lambda/recording/dynamodb-store.ts',
    code: "const allowed = consentNeeded ? 'Consent = :given' : 'attribute_not_exists(Consent) OR Consent = :given';",
    without:
      "const allowed = 'attribute_exists(Consent) OR attribute_not_exists(Consent) OR Consent = :given';",
    foundOutBy: /was recorded before its caller said yes/,
    setting: 'asked',
  },
  withdraw: {
    what: 'A recording is deleted whose caller said no',
    file: 'lambda/recording/merge.ts',
    code: 'const unwanted = isRefused(consent?.answer) && recordings.some(isUnwanted);',
    without: 'const unwanted = isRefused(consent?.answer) && recordings.length < 0;',
    foundOutBy: /its caller said no, and its recording was kept/,
    setting: 'asked',
  },
} as const satisfies Record<string, Guard>;

export type GuardName = keyof typeof GUARDS;

/** What recorders with fewer guards do without: home-made ones try again blindly, or trust in an execution's name. */
export const STRATEGIES = {
  'blind retries': ['name', 'claim', 'list', 'settle', 'adopt', 'verify', 'sweep', 'revive'],
  'the name alone': ['claim', 'list', 'settle', 'adopt', 'verify', 'revive'],
} as const satisfies Record<string, readonly GuardName[]>;

export const isGuardName = (name: string): name is GuardName => Object.hasOwn(GUARDS, name);

const PROJECT = new URL('../../', import.meta.url);

/**
 * The sources of the guards' files without them, by the files' URLs.
 *
 * @throws Error when a guard does not stand there once: it has to be found again after somebody changed the source
 */
export function withoutGuards(names: readonly GuardName[]): ReadonlyMap<string, string> {
  const sources = new Map<string, string>();
  for (const name of names) {
    const { file, code, without }: Guard = GUARDS[name];
    const url = new URL(file, PROJECT);
    const source = sources.get(url.href) ?? readFileSync(url, 'utf8');
    const [before, after, ...more] = source.split(code);
    if (before === undefined || after === undefined || more.length > 0) {
      throw new Error(
        `The guard '${name}' does not stand once in ${file}: correct it in local/simulation/guards.ts`,
      );
    }
    sources.set(url.href, before + without + after);
  }
  return sources;
}

/** Takes guards away from what this thread imports from now on. */
export function switchOff(names: readonly GuardName[]): void {
  const sources = withoutGuards(names);
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      const source = sources.get(url);
      return source === undefined ? loaded : { ...loaded, source };
    },
  });
}
