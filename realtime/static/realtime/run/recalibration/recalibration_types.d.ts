// How the scores of a run become probabilities; the reference of the file recalibration.json says what each part is.

import type { ReliabilityPoint } from "../../events/event_types";

export interface Method {
  name: string;
  formula: string;
  parameters: Record<string, number | number[]>;
  problem: string | null;
  warning: string | null;
}

export interface Quality {
  mean_score: number;
  share: number;
  brier: number | null;
  log_loss: number | null;
  ece: number | null;
  ece_if_calibrated: number | null;
  ece_if_calibrated_p95: number | null;
  calibration_slope: number | null;
  calibration_intercept: number | null;
  auroc: number | null;
  reliability: ReliabilityPoint[];
}

export interface Recalibration {
  fitted_on: string;
  samples: number;
  class_names: string[];
  methods: Method[];
  splits: Record<string, Record<string, Quality>>;
}
