import type { Listed } from './register.ts';

type Method = 'GET' | 'POST';

/** What a number of the account is configured with. */
export interface NumberConfiguration {
  /** In E.164 form. */
  readonly phoneNumber: string;
  /** Empty where there is none. */
  readonly voiceUrl: string;
  /** @default 'POST' */
  readonly voiceMethod?: Method;
  readonly voiceFallbackUrl?: string;
  /** @default 'POST' */
  readonly voiceFallbackMethod?: Method;
  readonly voiceApplicationSid?: string;
  readonly trunkSid?: string;
}

/** A number of the account. The calls to it follow their scripts: it is only something to list and to configure. */
export interface PhoneNumber extends Listed {
  configuration: NumberConfiguration;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  updatedAt: number;
}
