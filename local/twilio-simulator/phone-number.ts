import type { Listed } from './register.ts';

/** What a number of the account is configured with. */
export interface NumberConfiguration {
  /** In E.164 form. */
  readonly phoneNumber: string;
  readonly voiceUrl: string;
  readonly voiceFallbackUrl?: string;
}

/** A number of the account. The calls to it follow their scripts: it is only something to list. */
export interface PhoneNumber extends NumberConfiguration, Listed {
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}
