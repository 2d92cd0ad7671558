/** How an approval is shown. */
import { word } from "../shown";

export function Approval({ state }: { state: string | null }) {
  return state === null ? null : <span className={`badge ${state.toLowerCase()}`}>{word(state)}</span>;
}
