import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { ROUTES } from '../lambda/shared/contract.ts';
import { examples, type GlobalOptions, orMisused } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import type { RotateDependencies } from './rotate.ts';
import { twilioApiOption } from './setup-program.ts';
import { processTerminal, type Terminal } from './terminal.ts';

interface RotateCommandOptions extends GlobalOptions {
  readonly twilioApi: string;
  readonly undo?: true;
  readonly again?: true;
  readonly yes?: true;
}

const HOW_IT_ROTATES = `Twilio makes a secondary token; the secret gets it beside the primary one; after six minutes, when each function must
have read it, a dry run is signed with it; it is promoted, after asking; ten minutes later the old token leaves the
secret. At each step the secret holds every token that Twilio may sign with. It takes 16 minutes. Interrupt it whenever
you like: run again, it finds out where it is. --undo removes the secondary token as long as it is not promoted.

All credentials come from the stack's secret, which AWS credentials have to allow: secretsmanager:GetSecretValue,
DescribeSecret, PutSecretValue and UpdateSecretVersionStage. If the account has a secondary token already, it is asked
for, or taken from TWILIO_SECONDARY_AUTH_TOKEN. Whatever else uses the old token stops working when the new one is
promoted; API keys are not touched.`;

export function addRotate(program: Command): void {
  program
    .command('rotate')
    .description("rotate the account's auth token without refusing one of Twilio's requests")
    .addOption(twilioApiOption())
    .option('--undo', 'give up the next token, if it is not promoted yet')
    .option('--again', 'begin another rotation although one has just ended')
    .option('--yes', 'do it without asking')
    .addHelpText(
      'after',
      () =>
        `\n${examples([
          'recorder rotate',
          'recorder rotate --undo',
          'recorder rotate --yes --json --stack CallRecorder',
        ])}\n\n${HOW_IT_ROTATES}`,
    )
    .action((_options, command: Command) => {
      const terminal = processTerminal();
      const options = command.optsWithGlobals<RotateCommandOptions>();
      return orMisused(command, terminal, async () => {
        const { rotate } = await import('./rotate.ts');
        await rotate(
          {
            undo: options.undo === true,
            again: options.again === true,
            yes: options.yes === true,
            json: options.json === true,
          },
          await dependenciesOf(options, terminal),
        );
      });
    });
}

async function dependenciesOf(
  { stack, profile, twilioApi }: RotateCommandOptions,
  terminal: Terminal,
): Promise<RotateDependencies> {
  const [aws, stacks, stores, tokens, environment, runs, confirming, hidden] = await Promise.all([
    import('./aws.ts'),
    import('./stack.ts'),
    import('./secret-store.ts'),
    import('./auth-tokens.ts'),
    import('./twilio-environment.ts'),
    import('./dry-run.ts'),
    import('./confirm.ts'),
    import('./hidden.ts'),
  ]);
  const apiUrl = environment.twilioApiRoot(twilioApi);
  const access = aws.awsAccess(profile || undefined);
  const { voiceUrl, secretArn } = await stacks.recorderOfStack(stack || 'CallRecorder', access);
  if (!secretArn) {
    throw new Failure({
      exitCode: EXIT.notFound,
      title: 'The stack does not say where its secret is',
      detail: `${stack} has no output SecretArn.`,
      hint: 'Deploy it again with this version.',
    });
  }
  const webhooks = [voiceUrl, new URL(ROUTES.recordingStatus, voiceUrl).href];
  return {
    secrets: stores.secretStore(secretArn, access),
    authTokensOf: (accountSid) => tokens.authTokensOf(accountSid, apiUrl),
    dryRun: (authToken) => Promise.all(webhooks.map((url) => runs.dryRun('dry run', url, authToken))),
    askToken: () => hidden.askHiddenOnTerminal('The secondary token, from the Twilio console (not shown):'),
    givenToken: process.env.TWILIO_SECONDARY_AUTH_TOKEN || undefined,
    confirm: confirming.confirmOnTerminal,
    sleep: (milliseconds) => sleep(milliseconds),
    terminal,
  };
}
