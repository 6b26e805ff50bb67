import type { ControlSettings } from './control-settings.ts';

/** Rules that somebody has to keep, as far as software can. */
export type Compliance = 'hipaa' | 'pci';

interface Retention {
  readonly retentionDays: number;
  readonly logRetentionDays: number;
}

/** What is kept for how long, unless the configuration says longer; days. */
const RETENTION: Readonly<Record<Compliance, Retention>> = {
  // Six years: 45 CFR 164.316(b)(2)(i).
  hipaa: { retentionDays: 2192, logRetentionDays: 2192 },
  // Twelve months of audit trail, of which three at hand: PCI DSS 10.5.1.
  pci: { retentionDays: 365, logRetentionDays: 400 },
};
const LEAST: Readonly<Record<Compliance, Retention>> = {
  hipaa: RETENTION.hipaa,
  pci: { retentionDays: 365, logRetentionDays: 365 },
};
const USUAL: Retention = { retentionDays: 365, logRetentionDays: 90 };

/** What is asked for; left out is what has no value yet. */
export interface ComplianceRelevant extends Partial<Retention> {
  readonly compliance?: Compliance | undefined;
  readonly control: ControlSettings;
  readonly resumeAfterSeconds?: number | false | undefined;
  readonly publicBaseUrl?: string | undefined;
  readonly twilioApiBaseUrl: string;
}

/** What takes the place of what is left out. */
export const defaultsFor = (compliance: Compliance | undefined) => ({
  ...(compliance ? RETENTION[compliance] : USUAL),
  // Whoever says a card number in a pause must be sure that it lasts.
  resumeAfterSeconds: compliance === 'pci' ? (false as const) : 600,
});

export interface Forbidden {
  readonly key: keyof ComplianceRelevant;
  readonly allowed: string;
}

/** What a profile does not allow, and why. */
export function forbidden(configuration: ComplianceRelevant): readonly Forbidden[] {
  const { compliance } = configuration;
  if (compliance === undefined) {
    return [];
  }
  const least = LEAST[compliance];
  const tooShort = (['retentionDays', 'logRetentionDays'] as const)
    .filter((key) => (configuration[key] ?? least[key]) < least[key])
    .map((key) => ({
      key,
      allowed: `days, ${least[key]} and more, with compliance '${compliance}': ${KEPT[compliance]}`,
    }));
  const inTheOpen = (['publicBaseUrl', 'twilioApiBaseUrl'] as const)
    .filter((key) => configuration[key]?.startsWith('http:'))
    .map((key) => ({ key, allowed: `only https with compliance '${compliance}': ${SENT[compliance]}` }));
  return [...tooShort, ...inTheOpen, ...(compliance === 'pci' ? forbiddenWithCards(configuration) : [])];
}

const KEPT: Readonly<Record<Compliance, string>> = {
  hipaa: 'documentation is kept for six years (45 CFR 164.316)',
  pci: 'the audit trail is kept for twelve months (PCI DSS 10.5.1)',
};
const SENT: Readonly<Record<Compliance, string>> = {
  hipaa: 'what is sent is guarded against being read (45 CFR 164.312(e))',
  pci: 'what is sent is encrypted (PCI DSS 4.2.1)',
};

function forbiddenWithCards({ control, resumeAfterSeconds }: ComplianceRelevant): readonly Forbidden[] {
  return [
    ...(control === false
      ? [
          {
            key: 'control' as const,
            allowed:
              "'iam' or { issuer, audience, readScope?, controlScope? } with compliance 'pci': a card's security code must not be stored (PCI DSS 3.3.1), so somebody has to be able to pause",
          },
        ]
      : []),
    ...(typeof resumeAfterSeconds === 'number'
      ? [
          {
            key: 'resumeAfterSeconds' as const,
            allowed:
              "only false with compliance 'pci': a recording that goes on by itself may store a card's security code (PCI DSS 3.3.1)",
          },
        ]
      : []),
  ];
}
