import configuration from '../recorder.config.ts';

/** The configuration that is deployed, pointed at the Twilio of the local run, which says what else is different. */
export default {
  ...configuration,
  publicBaseUrl: undefined,
  twilioApiBaseUrl: process.env.LOCAL_TWILIO_API_BASE_URL,
  ...(process.env.LOCAL_CONSENT && { consent: process.env.LOCAL_CONSENT }),
  ...(process.env.LOCAL_OPT_OUT_KEY && { optOutKey: process.env.LOCAL_OPT_OUT_KEY }),
  ...(process.env.LOCAL_CONTROL && { control: JSON.parse(process.env.LOCAL_CONTROL) }),
  ...(process.env.LOCAL_WHEN_NOT_RECORDED && { whenNotRecorded: process.env.LOCAL_WHEN_NOT_RECORDED }),
  ...(process.env.LOCAL_START_WITH && { startWith: process.env.LOCAL_START_WITH }),
  ...(process.env.LOCAL_RECONCILE_AFTER_SECONDS && {
    reconcileAfterSeconds: Number(process.env.LOCAL_RECONCILE_AFTER_SECONDS),
  }),
};
