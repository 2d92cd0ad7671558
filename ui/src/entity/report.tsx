/** An audit report of an entity, made by the service and saved as a file. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { save } from "../files";
import { ask, graphql, type VariablesOf } from "../graphql";

const REPORT = graphql(`
  mutation AuditReport($input: CreateAuditReportInput!) {
    createAuditReport(input: $input) { name mediaType content entities }
  }
`);

type Format = NonNullable<VariablesOf<typeof REPORT>["input"]["format"]>;

const FORMATS: Record<Format, string> = {
  PDF: "PDF",
  HTML: "web page",
  JSON: "JSON",
  CSV: "tables (CSV)",
  ZIP: "all of it, to be verified (ZIP)",
};

/** The bytes of a text in base64. */
export function decoded(content: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
}

export function Report({ arn, asOf }: { arn: string; asOf: string | null }) {
  const [format, setFormat] = useState<Format>("PDF");
  const make = useMutation({
    mutationFn: async (chosen: Format) =>
      (await ask(REPORT, { input: { arn, format: chosen, asOf } })).createAuditReport,
    onSuccess: ({ name, mediaType, content }) =>
      save(new Blob([decoded(content)], { type: mediaType }), name, mediaType),
  });
  return (
    <>
      <select
        value={format}
        aria-label="Format of the audit report"
        onChange={(event) => setFormat(event.target.value as Format)}
      >
        {Object.entries(FORMATS).map(([each, words]) => (
          <option key={each} value={each}>
            {words}
          </option>
        ))}
      </select>
      <button type="button" disabled={make.isPending} onClick={() => make.mutate(format)}>
        Audit report
      </button>
      <span role="status">
        {make.isPending && "The report is being made …"}
        {make.isSuccess && `Saved ${make.data.name}: ${make.data.entities} entities.`}
      </span>
      {make.isError && <span role="alert">{make.error.message}</span>}
    </>
  );
}
