import { connectedUrl } from '../cli/number-configuration.ts';

/**
 * Voice URLs of numbers: as `npx recorder connect` sets them, or without an application the mere address.
 *
 * @throws Error when the template does not say where the recorder is
 */
export function voiceUrlsOf({
  VoiceUrl,
}: Readonly<Record<string, string>>): (application?: string) => string {
  if (!VoiceUrl) {
    throw new Error('The template has no output VoiceUrl');
  }
  return (application) => (application ? connectedUrl(VoiceUrl, application) : VoiceUrl);
}
