import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';

/* What `recorder rotate` says. */

export const ENDED = {
  rotated: 'The rotation is over: the secret holds the new token alone.',
  nothing: 'A rotation has just ended: there is nothing to do. --again begins another.',
} as const;

export const STORED = {
  added: 'The secret holds the primary token and the next one.',
  promoted:
    'The secret holds the new token and, until nothing signed with it can come any more, the old one.',
  finished: 'The secret holds the primary token alone.',
} as const;

export const WAITING = {
  caches:
    'Functions keep the secret for up to five minutes, so the next token is not promoted before each must have read it:',
  late: 'What Twilio signed with the old token may still be on its way, so that stays in the secret:',
} as const;

export const lost = (): Failure =>
  new Failure({
    exitCode: EXIT.conflict,
    title: 'The primary token is not in the secret',
    detail: 'Twilio takes none of the auth tokens in it, so the recorder refuses what Twilio signs.',
    hint: 'Put the account’s primary token in with the command in the output PutSecretCommand, then run this again.',
  });

export const tooLate = (): Failure =>
  new Failure({
    exitCode: EXIT.conflict,
    title: 'Too late',
    detail: 'the new token is promoted, and Twilio knows the old one no more.',
    hint: 'Run the command without --undo to end the rotation.',
  });

export const noTerminal = (): Failure =>
  new Failure({
    exitCode: EXIT.usage,
    title: 'Not confirmed',
    detail: 'nobody can be asked without a terminal, so it stops here.',
    hint: 'With --yes nobody is asked.',
  });
