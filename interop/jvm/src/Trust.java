import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** Whom clients trust: the certificate that the harness made, and no other. */
record Trust(SSLContext context, X509TrustManager manager) {
    /** The trust that the environment names, or null. */
    static Trust ofEnvironment() throws Exception {
        String path = System.getenv("INTEROP_CERT");
        if (path == null || path.isEmpty()) {
            return null;
        }
        KeyStore known = KeyStore.getInstance(KeyStore.getDefaultType());
        known.load(null, null);
        try (InputStream pem = Files.newInputStream(Path.of(path))) {
            known.setCertificateEntry("sockeye", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(known);
        SSLContext context = SSLContext.getInstance("TLS");
        TrustManager[] managers = factory.getTrustManagers();
        context.init(null, managers, null);
        return new Trust(context, (X509TrustManager) managers[0]);
    }
}
