import java.io.FileInputStream;
import java.util.List;
import java.util.Map;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/**
 * Validates the PDFs named on the command line against PDF/A-2a and PDF/UA-1
 * (print copies and scans, named {@code .1b.pdf}, {@code .2u.pdf} or {@code .3b.pdf}, against what they claim), all in one Java run. One line each:
 * {@code FLAVOUR TAB pass|fail TAB rules TAB FILE}; every failed rule once, as clause, test number and message.
 */
class Validate {
    private static final List<PDFAFlavour> FLAVOURS = List.of(PDFAFlavour.PDFA_2_A, PDFAFlavour.PDFUA_1);
    private static final Map<String, PDFAFlavour> PRINT_COPIES =
            Map.of(".1b.pdf", PDFAFlavour.PDFA_1_B, ".2u.pdf", PDFAFlavour.PDFA_2_U, ".3b.pdf", PDFAFlavour.PDFA_3_B);

    public static void main(String[] files) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        for (String file : files) {
            var asPrintCopy = PRINT_COPIES.get(file.substring(Math.max(0, file.length() - 7)));
            for (PDFAFlavour flavour : asPrintCopy == null ? FLAVOURS : List.of(asPrintCopy)) {
                System.out.println(line(flavour, file));
            }
        }
    }

    private static String line(PDFAFlavour flavour, String file) throws Exception {
        var foundry = Foundries.defaultInstance();
        try (var parser = foundry.createParser(new FileInputStream(file), flavour);
                var validator = foundry.createValidator(flavour, false)) {
            ValidationResult result = validator.validate(parser);
            String word = result.isCompliant() && result.getTotalAssertions() > 0 ? "pass" : "fail";
            return String.join("\t", flavour.getId(), word, rules(result), file);
        }
    }

    private static String rules(ValidationResult result) {
        var failed = new java.util.TreeSet<String>();
        for (TestAssertion assertion : result.getTestAssertions()) {
            if (assertion.getStatus() == TestAssertion.Status.FAILED) {
                var rule = assertion.getRuleId();
                failed.add(rule.getClause() + "-" + rule.getTestNumber() + " " + assertion.getMessage());
            }
        }
        return failed.isEmpty() ? String.valueOf(result.getTotalAssertions()) : String.join("; ", failed).replaceAll("\\s+", " ");
    }
}
