/** A version at the gates of its group. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ask } from "../graphql";
import { EntityLink, Time, word } from "../shown";
import { Busy, Empty, Failed } from "../states";
import { type Group, nameOf, STANDING } from "./data";

/** How a version stands at the gates of its group, with the evidence; looked at when it is opened. */
export function Standing({ group, version }: { group: Group; version: string }) {
  const [open, setOpen] = useState(false);
  const found = useQuery({
    queryKey: ["group", nameOf(group), "standing", version],
    queryFn: ({ signal }) => ask(STANDING, { group: nameOf(group), version }, signal),
    enabled: open,
  });
  const standing = found.data?.modelVersion?.standing;
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Gates and evidence<span className="unseen"> of version {version}</span>
      </summary>
      {open && found.isPending && <Busy what="the evidence" />}
      {found.isError && <Failed error={found.error} again={() => void found.refetch()} />}
      {standing && (
        <>
          <p>
            <span className={`badge ${standing.passed ? "approved" : "rejected"}`}>
              {standing.passed ? "Passes its gates" : "Does not pass its gates now"}
            </span>
            {standing.missing.map((each) => (
              <bdi key={each}>{each} </bdi>
            ))}
          </p>
          {standing.stale.length > 0 && (
            <>
              <h4>Changed since the approval</h4>
              <ul className="plain">
                {standing.stale.map((each) => (
                  <li key={`${each.arn} ${each.text}`}>
                    <EntityLink arn={each.arn} name={each.text} /> <Time at={each.at} />
                  </li>
                ))}
              </ul>
            </>
          )}
          {standing.results.length === 0 ? (
            <Empty>This group has no gates.</Empty>
          ) : (
            <div className="scroll">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Gate</th>
                    <th scope="col">Wanted</th>
                    <th scope="col">Found</th>
                    <th scope="col">Evidence</th>
                  </tr>
                </thead>
                <tbody>
                  {standing.results.map((each) => (
                    <tr key={`${each.gate} ${each.wanted}`}>
                      <th scope="row">
                        {word(each.gate)}{" "}
                        <span className={`badge ${each.passed ? "approved" : "rejected"}`}>
                          {each.passed ? "Passed" : "Failed"}
                        </span>
                      </th>
                      <td>
                        <bdi>{each.wanted}</bdi>
                      </td>
                      <td>
                        <bdi>{each.found}</bdi>
                      </td>
                      <td>
                        {each.evidence.map((one) => (
                          <p key={one.arn} className="small">
                            <EntityLink arn={one.arn} name={one.uri?.split("/").pop() ?? one.arn} />
                          </p>
                        ))}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </>
      )}
    </details>
  );
}
