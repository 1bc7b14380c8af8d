/** What the doctor asks of the rest of the house. */
import type { Findings } from './model.js';

export interface DoctorServices {
  /** Looks at everything; each part is told as it is found. Rejects where a check itself fails. */
  examine(onFound: (found: Findings) => void): Promise<void>;
  /** Removes tokenised rows; gives the bytes that are free now. */
  clearTokenCache(): Promise<number>;
}
